import { api, ask, beginningOf, Choice, Choices, day, dayField, daysAhead, go, Link, named, Part, wordsOf } from "../kit.ts";
import type { Case } from "./contract.ts";
import { byDeadline, deadlineOf } from "./deadline.tsx";
import { OVERVIEW } from "./overview_words.ts";
import { PRIVACY } from "./words.ts";

/** The requests: those that are open, and folded away those that are closed, the newest first. */
export function Cases({ cases }: { cases: Case[] }) {
  const words = wordsOf(OVERVIEW);
  const open = cases.filter(({ closed_at }) => !closed_at).sort(byDeadline);
  const closed = cases
    .filter(({ closed_at }) => closed_at)
    .sort((one, other) => Date.parse(other.closed_at ?? "") - Date.parse(one.closed_at ?? ""));
  return (
    <Part title={words.requests}>
      <p>{words.requestsText}</p>
      {open.length > 0 ? <Rows cases={open} /> : <p class="hint">{words.noRequests}</p>}
      <div class="buttons"><button type="button" class="primary" onClick={openCase}>{words.openRequest}</button></div>
      {closed.length > 0 && (
        <details>
          <summary>{words.closedRequests(closed.length)}</summary>
          <Rows cases={closed} />
        </details>
      )}
    </Part>
  );
}

function Rows({ cases }: { cases: Case[] }) {
  return <ul class="rows">{cases.map((one) => <CaseRow key={one.id} one={one} />)}</ul>;
}

function CaseRow({ one }: { one: Case }) {
  const words = wordsOf(OVERVIEW);
  const { law, state } = wordsOf(PRIVACY);
  const title = `${named(words.kind, one.kind)} · ${named(law, one.law)}`;
  const received = words.received(day(one.received_at));
  return (
    <li>
      <div>
        <strong>{title}</strong>
        <p>{deadlineOf(one)}</p>
        <p class="hint">{received} · {named(state, one.state)}</p>
      </div>
      <div class="buttons">
        <Link to={addressOf(one.id)} class="secondary small" label={`${words.show}: ${title}, ${received}`}>{words.show}</Link>
      </div>
    </li>
  );
}

function addressOf(id: string): string {
  return `/privacy/cases/${encodeURIComponent(id)}`;
}

function openCase(): void {
  const words = wordsOf(OVERVIEW);
  const kinds = (["access", "erasure"] as const).map((value) => ({ value, label: named(words.kind, value), hint: named(words.kindText, value) }));
  const laws = (["gdpr", "ccpa", "other"] as const).map((value) => ({ value, label: named(wordsOf(PRIVACY).law, value), hint: named(words.lawText, value) }));
  const kind = new Choice<(typeof kinds)[number]["value"]>(words.what, kinds, "access");
  const law = new Choice<(typeof laws)[number]["value"]>(words.byWhichLaw, laws, "gdpr");
  const today = daysAhead(0);
  const received = dayField({ name: "received_at", label: words.receivedOn, hint: words.receivedHint, value: today, max: today });
  ask({
    title: words.openRequest,
    before: <><Choices of={kind} /><Choices of={law} /></>,
    fields: [received],
    submit: words.openRequestSend,
    onSubmit: async () => {
      // Of today the server knows the time better than a browser whose clock is off.
      const since = received.value === today ? {} : { received_at: beginningOf(received.value) };
      const opened = await api.call("POST /v1/cases", { body: { kind: kind.value, law: law.value, subject_id: null, ...since } });
      await go(addressOf(opened.id), { said: words.requestOpened });
    },
  });
}
