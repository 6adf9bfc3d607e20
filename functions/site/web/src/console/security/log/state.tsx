import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ask, attempt, complain, CopyButton, date, leavingSignal, List, Part, type Row, wordsOf } from "../../kit.ts";
import { say } from "../../stage.tsx";
import { type Log, readLog } from "./check.ts";
import { forgetLog } from "./memory.ts";
import { COMMAND, numberOf } from "./result.tsx";
import { LOG } from "./words.ts";

type State = Log | "empty" | "unreadable" | "reading" | "not_read";

/** The state of the log, as this browser has checked it. It is read when the rest of the page is there. */
export function StatePart() {
  const words = wordsOf(LOG);
  const state = useSignal<State>("reading");
  const isBusy = useRef(false);
  const look = async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      state.value = await readLog();
    } catch (error) {
      state.value = "not_read";
      throw error;
    } finally {
      isBusy.current = false;
    }
  };
  useEffect(() => {
    const leaving = leavingSignal();
    look().catch((error) => {
      if (!leaving.aborted) complain(error);
    });
  }, []);
  const again = async () => {
    await look();
    say(words.checked);
  };
  const startOver = (origin: string) =>
    ask({
      title: words.startOver,
      text: words.startOverText,
      submit: words.startOver,
      onSubmit: async () => {
        forgetLog(origin);
        await look();
        say(words.startedOver);
      },
    });
  const now = state.value;
  return (
    <Part title={words.state}>
      {now === "reading" && <p role="status">{words.reading}</p>}
      {now === "not_read" && <p>{words.notRead}</p>}
      {now === "empty" && <p>{words.empty}</p>}
      <Broken state={now} startOver={startOver} />
      {typeof now === "object" && <Facts log={now} />}
      {now !== "reading" && (
        <div class="buttons">
          <button type="button" class="secondary" onClick={() => void attempt(again)}>{words.again}</button>
          {typeof now === "object" && <CopyButton label={words.copyKey} text={() => now.key.text} />}
        </div>
      )}
    </Part>
  );
}

/** Why the log must not be trusted; null for one that may. */
function faultOf(state: State): string | null {
  if (state === "unreadable") return state;
  if (typeof state === "string") return null;
  const { key, signed, history } = state;
  if (signed === "wrong") return "signature";
  if (key.published !== "listed") return key.published;
  return history.is === "broken" ? "history" : null;
}

function Broken({ state, startOver }: { state: State; startOver: (origin: string) => void }) {
  const words = wordsOf(LOG);
  const fault = faultOf(state);
  const history = typeof state === "object" ? state.history : null;
  return (
    <>
      {/* Emptied, not taken out: it must be there before it speaks. */}
      <p role="alert" class="alert">{fault && <><strong>{words.broken[fault]}</strong> {words.toDo} <code>{COMMAND}</code></>}</p>
      {history?.is === "broken" && (
        <div class="buttons">
          <CopyButton label={words.copyKept} text={() => history.kept.note} />
          <button type="button" class="secondary" onClick={() => startOver(history.kept.origin)}>{words.startOver}</button>
        </div>
      )}
    </>
  );
}

function Facts({ log }: { log: Log }) {
  const words = wordsOf(LOG);
  const { checkpoint, key, readAt, signed } = log;
  const rows: Row[] = [
    [words.size, numberOf(checkpoint.size)],
    [words.origin, <code>{checkpoint.origin}</code>],
    [words.readAt, date(readAt)],
    [words.signature, signed === "unknown" ? words.signed.unknown : <Judged isGood={signed === "fits"}>{words.signed[signed]}</Judged>],
    [words.key, <><code>{key.text}</code>{key.published === "listed" && <span class="hint">{words.published}</span>}</>],
    [words.growth, <Growth log={log} />],
  ];
  return <List rows={rows} />;
}

function Growth({ log: { checkpoint, history } }: { log: Log }) {
  const words = wordsOf(LOG);
  switch (history.is) {
    case "first":
      return <>{words.first}</>;
    case "same":
      return <Judged isGood>{words.same}</Judged>;
    case "grown":
      return <Judged isGood>{words.grown(numberOf(history.before), numberOf(checkpoint.size))}</Judged>;
    case "broken":
      return <Judged isGood={false}>{words.rewritten}</Judged>;
    case "not_compared":
      return <>{words.notCompared}</>;
  }
}

function Judged({ isGood, children }: { isGood: boolean; children: ComponentChildren }) {
  return <span class={isGood ? "good" : "error"}><span aria-hidden="true">{isGood ? "✓ " : "✗ "}</span>{children}</span>;
}
