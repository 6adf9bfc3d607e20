import { useSignal } from "@preact/signals";
import { type Answer, api, attempt, date, Heading, Link, type Open, Part, problemOf, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { say } from "../stage.tsx";
import { PlayedChat } from "./chat.tsx";
import { Markdown } from "./markdown.tsx";
import { TRAINING } from "./words.ts";

type Practice = Answer<"GET /v1/training/practices/{id}">;
type Result = Answer<"POST /v1/training/practices/{id}">;

/** A practice that an admin has sent: to play, and then to read what was to be noticed. */
export const open: Open = async ({ parameters: [id = ""] }) => <PracticeView practice={await read(id)} />;

function read(id: string): Promise<Practice> {
  return api.call("GET /v1/training/practices/{id}", { path: { id }, query: { locale: locale.peek() } });
}

function PracticeView({ practice: { id, title, minutes, ends_at, text, chat, result: before } }: { practice: Practice }) {
  const words = wordsOf(TRAINING);
  const result = useSignal<Result | null>(before);
  const unsent = useSignal<number[] | null>(null);
  const send = async (choices: number[]) => {
    const meaning = { not_found: words.practiceOver };
    await attempt(async () => (result.value = await recorded(id, choices)), meaning);
    const is = result.peek();
    if (is) say(words.inRecord(is.good, is.of));
    unsent.value = is ? null : choices;
  };
  const end = (choices: number[]) => {
    // The first time counts, also where it could not be sent at once.
    if (!result.peek()) void send(unsent.peek() ?? choices);
  };
  return (
    <div class="page course">
      <Heading>{title}</Heading>
      <div class="others"><Link to="/training" class="link">{words.toAll}</Link></div>
      <p class="notice"><strong>{words.isPractice}</strong> {words.isPracticeText(minutes, date(ends_at))}</p>
      <Part title={words.play}>
        <p class="hint">{words.practicePlayText}</p>
        <PlayedChat turns={chat} onEnd={end} />
        {unsent.value && <Unsent choices={unsent.value} onSend={send} />}
      </Part>
      {result.value && (
        <>
          <Part title={words.result}>
            <p><strong>{words.inRecord(result.value.good, result.value.of)}</strong> {words.inRecordText(date(result.value.at))}</p>
          </Part>
          <section class="part reading"><Markdown text={text} /></section>
        </>
      )}
    </div>
  );
}

function Unsent({ choices, onSend }: { choices: number[]; onSend: (choices: number[]) => Promise<void> }) {
  const words = wordsOf(TRAINING);
  return <div class="buttons"><button type="button" class="secondary" onClick={() => void onSend(choices)}>{words.sendResult}</button></div>;
}

/** The result that stands in the record: of these choices, or of those of another tab. */
async function recorded(id: string, choices: number[]): Promise<Result | null> {
  try {
    return await api.call("POST /v1/training/practices/{id}", { path: { id }, body: { choices } });
  } catch (error) {
    if (problemOf(error).code !== "conflict") throw error;
    return (await read(id)).result;
  }
}
