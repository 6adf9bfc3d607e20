import { type Signal, useSignal } from "@preact/signals";
import { attempt, leavingSignal, SmallButton, wordsOf } from "../../kit.ts";
import { locale } from "../../locale.ts";
import { check, type Result } from "./check.ts";
import { RESULTS } from "./result_words.ts";

/** The command that looks at the whole log, from a machine of the operator's. */
export const COMMAND = "cargo doctor verify-log";

type Shown = Result | { is: "checking" };

/** Events that are checked in this browser, each with what came of it. */
export interface Checks {
  results: Signal<Record<string, Shown>>;
  /** Several are checked: their results are not spoken one by one. */
  isQuiet: Signal<boolean>;
  one(id: string): void;
  /** One after the other, while the page is open. Answers how many are in the log. */
  all(ids: string[], progress: (done: number) => void): Promise<number>;
}

export function useChecks(): Checks {
  const results = useSignal<Record<string, Shown>>({});
  const isQuiet = useSignal(false);
  const put = (id: string, result?: Shown) => {
    const { [id]: _, ...others } = results.peek();
    results.value = result ? { ...others, [id]: result } : others;
  };
  const one = async (id: string): Promise<Result> => {
    put(id, { is: "checking" });
    try {
      const result = await check(id);
      put(id, result);
      return result;
    } catch (error) {
      put(id);
      throw error;
    }
  };
  return {
    results,
    isQuiet,
    one: (id) => {
      if (results.peek()[id]?.is !== "checking") void attempt(() => one(id));
    },
    all: async (ids, progress) => {
      const leaving = leavingSignal();
      isQuiet.value = true;
      let count = 0;
      try {
        for (const [done, id] of ids.entries()) {
          if (leaving.aborted) break;
          progress(done);
          if ((await one(id)).is === "in") count++;
        }
      } finally {
        isQuiet.value = false;
      }
      return count;
    },
  };
}

/** The button beside an event. `of` says for those who listen which event it is. */
export function CheckButton({ checks, id, of }: { checks: Checks; id: string; of: string }) {
  return <SmallButton label={wordsOf(RESULTS).check} of={of} onClick={() => checks.one(id)} />;
}

/** What came of a check. It is there before it speaks. */
export function CheckResult({ checks, id }: { checks: Checks; id: string }) {
  const result = checks.results.value[id];
  return <div class="proven" aria-live={checks.isQuiet.value ? "off" : "polite"}>{result && <Said result={result} />}</div>;
}

function Said({ result }: { result: Shown }) {
  const words = wordsOf(RESULTS);
  switch (result.is) {
    case "checking":
      return <p class="hint">{words.checking}</p>;
    case "in":
      return (
        <>
          <p class="good"><span aria-hidden="true">✓ </span>{words.in(numberOf(result.place), numberOf(result.size))}</p>
          {result.signed === "unknown" && <p class="hint">{words.unsigned}</p>}
        </>
      );
    case "waiting":
      return <p class="hint">{words.waiting}</p>;
    default:
      return (
        <>
          <p class="error">
            <strong>{words[result.is]}</strong> {result.is === "wrong" && words.by[result.by]}
          </p>
          <p class="hint">{words.toDo} <code>{COMMAND}</code></p>
        </>
      );
  }
}

export function numberOf(value: number): string {
  return new Intl.NumberFormat(locale.peek()).format(value);
}
