import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Answer } from "../kit.ts";
import { wordsOf } from "../kit.ts";
import { TRAINING } from "./words.ts";

type Turn = Answer<"GET /v1/training/courses/{id}">["chat"][number];
type Choice = Turn["choices"][number];

interface Played {
  turn: Turn;
  choice: Choice;
}

interface Props {
  turns: Turn[];
  /** The chat is over: the place of each choice among those of its turn. */
  onEnd: (choices: number[]) => void;
}

/** A chat in which one decides at each turn, and sees what comes of it. */
export function PlayedChat({ turns, onEnd }: Props) {
  const words = wordsOf(TRAINING);
  const played = useSignal<Played[]>([]);
  const last = useRef<HTMLLIElement>(null);
  const before = played.value.at(-1);
  const next = before ? turns.find(({ id }) => id === before.choice.next) : turns[0];
  useEffect(() => {
    // The focus goes on with the story, for those who chose by key.
    if (before) last.current?.focus();
  }, [before]);
  const choose = (turn: Turn, choice: Choice) => {
    played.value = [...played.value, { turn, choice }];
    if (turns.some(({ id }) => id === choice.next)) return;
    onEnd(played.peek().map(({ turn, choice }) => turn.choices.indexOf(choice)));
  };
  const good = played.value.filter(({ choice }) => choice.good).length;
  return (
    <>
      <ol class="played">
        {played.value.map(({ turn, choice }, i) => (
          <li key={i} ref={i === played.value.length - 1 ? last : null} tabIndex={-1}>
            <p class="says"><span class="who">{words.visitor}</span> {turn.says}</p>
            <p class="chosen"><span class="who">{words.you}</span> {choice.text}</p>
            <p class={choice.good ? "came good" : "came"}><strong>{choice.good ? words.good : words.notGood}</strong> {choice.then}</p>
          </li>
        ))}
        {next && (
          <li key="next">
            <p class="says"><span class="who">{words.visitor}</span> {next.says}</p>
            <fieldset>
              <legend>{words.decide}</legend>
              {next.choices.map((choice) => (
                <button key={choice.text} type="button" class="secondary option" onClick={() => choose(next, choice)}>{choice.text}</button>
              ))}
            </fieldset>
          </li>
        )}
      </ol>
      {!next && (
        <>
          <p><strong>{words.ended(good, played.value.length)}</strong></p>
          <div class="buttons"><button type="button" class="secondary" onClick={() => (played.value = [])}>{words.playAgain}</button></div>
        </>
      )}
    </>
  );
}
