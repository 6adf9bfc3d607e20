import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Answer, api, clockTime, complain, CopyButton, day, Form, Problem, problemOf, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { say } from "../stage.tsx";
import { TRAINING } from "./words.ts";

type Attempt = Answer<"POST /v1/training/courses/{id}/attempts">;
type Question = Attempt["questions"][number];
type Result = Answer<"POST /v1/training/courses/{id}/attempts/{attempt_id}">;

/** Nothing can be answered any more: the page offers to begin again. */
const OVER = ["attempt_expired", "not_found", "conflict"];

interface Judged {
  attempt: Attempt;
  result: Result;
  chosen: Record<string, string[]>;
}

/** The questions of a course: begun by a press, answered in one go, with the reasons behind each. */
export function Questions({ id }: { id: string }) {
  const words = wordsOf(TRAINING);
  const attempt = useSignal<Attempt | null>(null);
  const judged = useSignal<Judged | null>(null);
  const begin = async () => {
    attempt.value = await begun(id);
    judged.value = null;
    say(words.begun(clockTime(attempt.value.expires_at)));
  };
  if (attempt.value) {
    const { attempt_id } = attempt.value;
    return (
      <Asked
        attempt={attempt.value}
        onAnswers={async (answers) => {
          const sent = { path: { id, attempt_id }, query: { locale: locale.peek() }, body: { answers } };
          try {
            const result = await api.call("POST /v1/training/courses/{id}/attempts/{attempt_id}", sent);
            if (attempt.value) judged.value = { attempt: attempt.value, result, chosen: answers };
            // By when they had to be sent is of no use any more.
            say("");
          } catch (error) {
            const { code } = problemOf(error);
            if (!OVER.includes(code)) throw error;
            complain(error, { attempt_expired: words.late, not_found: words.late, conflict: words.done });
          }
          attempt.value = null;
        }}
      />
    );
  }
  return (
    <>
      {judged.value && <Judgement {...judged.value} />}
      <Form submit={judged.value ? words.tryAgain : words.begin} meaning={{ rate_limited: words.tooEarly }} onSubmit={begin} />
    </>
  );
}

/** A new attempt, or the one that is under way. */
async function begun(id: string): Promise<Attempt> {
  try {
    return await api.call("POST /v1/training/courses/{id}/attempts", { path: { id }, query: { locale: locale.peek() }, body: {} });
  } catch (error) {
    const { code, item } = problemOf(error);
    if (code === "conflict" && item) return item as Attempt;
    throw error;
  }
}

interface Props {
  attempt: Attempt;
  onAnswers: (answers: Record<string, string[]>) => Promise<void>;
}

function Asked({ attempt, onAnswers }: Props) {
  const words = wordsOf(TRAINING);
  const first = useRef<HTMLOListElement>(null);
  const chosen = useMemo(() => new Map<string, Set<string>>(), [attempt]);
  useEffect(() => first.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const send = async () => {
    const missing = attempt.questions.find(({ id }) => !chosen.get(id)?.size);
    if (missing) {
      first.current?.querySelector<HTMLElement>(`[data-question="${missing.id}"] input`)?.focus();
      throw new Problem("unanswered");
    }
    await onAnswers(Object.fromEntries(attempt.questions.map(({ id }) => [id, [...(chosen.get(id) ?? [])]])));
  };
  return (
    <Form submit={words.send} meaning={{ unanswered: words.unanswered }} onSubmit={send} inputs={<></>}>
      <p class="hint">{words.begun(clockTime(attempt.expires_at))}</p>
      <ol class="asked" ref={first}>
        {attempt.questions.map((question) => <AskedQuestion key={question.id} question={question} chosen={chosen} />)}
      </ol>
    </Form>
  );
}

function AskedQuestion({ question: { id, text, multiple, options }, chosen }: { question: Question; chosen: Map<string, Set<string>> }) {
  const words = wordsOf(TRAINING);
  const choose = (option: string, isOn: boolean) => {
    const all = multiple ? (chosen.get(id) ?? new Set()) : new Set<string>();
    if (isOn) all.add(option);
    else all.delete(option);
    chosen.set(id, all);
  };
  return (
    <li data-question={id}>
      <fieldset>
        <legend>{text}{multiple && <span class="hint"> {words.several}</span>}</legend>
        {options.map((option) => (
          <label key={option.id} class="check">
            <input type={multiple ? "checkbox" : "radio"} name={id} value={option.id} onChange={({ currentTarget }) => choose(option.id, currentTarget.checked)} />
            <span>{option.text}</span>
          </label>
        ))}
      </fieldset>
    </li>
  );
}

function Judgement({ attempt, result, chosen }: Judged) {
  const words = wordsOf(TRAINING);
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { certificate, passed, results, next_attempt_at } = result;
  const right = results.filter(({ correct }) => correct).length;
  const textOf = (question: Question) => question.options.filter(({ id }) => chosen[question.id]?.includes(id)).map(({ text }) => text);
  return (
    <>
      <p ref={heading} tabIndex={-1} class="notice"><strong>{passed ? words.youPassed : words.youFailed}</strong> {words.score(right, results.length)}</p>
      {certificate && (
        <>
          <p>{words.certificate(day(certificate.expires_at))}</p>
          <div class="buttons"><CopyButton label={words.copyCertificate} text={() => certificate.jws} /></div>
        </>
      )}
      {!passed && <p>{words.nextAt(clockTime(next_attempt_at))}</p>}
      <ol class="asked">
        {attempt.questions.map((question) => {
          const judged = results.find(({ question_id }) => question_id === question.id);
          return (
            <li key={question.id}>
              <p>{question.text}</p>
              <p class="chosen"><span class="who">{words.you}</span> {textOf(question).join("; ")}</p>
              <p class={judged?.correct ? "came good" : "came"}><strong>{judged?.correct ? words.right : words.wrong}</strong> {judged?.reason}</p>
            </li>
          );
        })}
      </ol>
    </>
  );
}
