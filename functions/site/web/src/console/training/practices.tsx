import { useMemo, useRef } from "preact/hooks";
import { type Answer, api, day, Form, Link, newId, Part, showPage, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { TRAINING } from "./words.ts";

type Sent = Answer<"GET /v1/training/practices">;

/** The practices that are open with one's own results, and for admins a way to send one. */
export function Practices({ sent: { items, scripts }, isAdmin }: { sent: Sent; isAdmin: boolean }) {
  const words = wordsOf(TRAINING);
  const closed = scripts.filter(({ script }) => !items.some((item) => item.script === script));
  return (
    <Part title={words.practices}>
      <p class="hint">{words.practicesText}</p>
      {items.length > 0 ? <ul class="rows">{items.map((item) => <PracticeRow key={item.id} item={item} />)}</ul> : <p>{words.noPractice}</p>}
      {isAdmin && closed.length > 0 && <Sending scripts={closed} />}
    </Part>
  );
}

function PracticeRow({ item: { id, title, minutes, ends_at, result } }: { item: Sent["items"][number] }) {
  const words = wordsOf(TRAINING);
  const said = [words.minutes(minutes), words.until(day(ends_at)), result ? words.yourResult(result.good, result.of) : words.notPlayed];
  return (
    <li>
      <div>
        <Link to={`/training/practice/${id}`} class="place">{title}</Link>
        <p class="hint">{said.join(" · ")}</p>
      </div>
    </li>
  );
}

function Sending({ scripts }: { scripts: Sent["scripts"] }) {
  const words = wordsOf(TRAINING);
  const id = useMemo(newId, []);
  const chosen = useRef(scripts[0]?.script ?? "");
  const send = async () => {
    const { title } = await api.call("POST /v1/training/practices", { query: { locale: locale.peek() }, body: { script: chosen.current } });
    await showPage(words.practiceSent(title));
  };
  const choice = (
    <div class="field">
      <label for={id}>{words.script}</label>
      <p id={`${id}-hint`} class="hint">{words.scriptText}</p>
      <select id={id} aria-describedby={`${id}-hint`} onChange={({ currentTarget }) => (chosen.current = currentTarget.value)}>
        {scripts.map(({ script, title }) => <option key={script} value={script}>{title}</option>)}
      </select>
    </div>
  );
  return <Form submit={words.sendPractice} inputs={choice} meaning={{ conflict: words.practiceOpen }} onSubmit={send} />;
}
