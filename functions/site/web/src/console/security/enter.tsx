import { api, ask, Field, go, Input, isId, newId, pageWords, wordsOf } from "../kit.ts";
import { LONGEST_NOTE } from "./contract.ts";
import { LIST } from "./list_words.ts";
import { SECURITY } from "./words.ts";

/** The kind of what nothing else fits. */
const MANUAL = "manual";

/** Asks for an incident that no rule has noticed, enters it, and shows it. */
export function enterByHand(): void {
  const words = wordsOf(LIST);
  let kind = MANUAL;
  const note = new Field({ name: "note", label: words.note, hint: words.noteHint, attributes: { required: true, maxlength: LONGEST_NOTE } });
  const from = new Field({
    name: "from",
    label: words.from,
    hint: words.fromHint,
    attributes: { type: "datetime-local" },
    check: (time) => {
      if (time === "") return null;
      const at = Date.parse(time);
      if (Number.isNaN(at)) return pageWords().dayFormat;
      return at > Date.now() ? words.notFuture : null;
    },
  });
  const actor = new Field({
    name: "actor",
    label: words.actor,
    hint: words.actorHint,
    attributes: { autocomplete: "off", spellcheck: false, maxlength: "36" },
    check: (id) => (id.trim() === "" || isId(id.trim()) ? null : pageWords().idFormat),
  });
  ask({
    title: words.enter,
    text: words.enterText,
    before: <Kinds value={kind} onChange={(value) => (kind = value)} />,
    fields: [note, from, actor],
    inputs: <><div class="noting"><Input field={note} rows={3} /></div><Input field={from} /><Input field={actor} /></>,
    submit: words.enterSend,
    onSubmit: async () => {
      const id = actor.value.trim();
      const body = { kind, note: note.value, ...(from.value && { from: new Date(from.value).toISOString() }), ...(id && { actor: id }) };
      const entered = await api.call("POST /v1/incidents", { body });
      await go(`/security/${entered.id}`, { said: words.entered });
    },
  });
}

function Kinds({ value, onChange }: { value: string; onChange: (kind: string) => void }) {
  const words = wordsOf(LIST);
  const id = newId();
  const kinds = Object.entries(wordsOf(SECURITY).kind);
  const others = kinds.filter(([kind]) => kind !== MANUAL);
  return (
    <div class="field">
      <label for={id}>{words.kind}</label>
      <p id={`${id}-hint`} class="hint">{words.kindHint}</p>
      <select id={id} aria-describedby={`${id}-hint`} defaultValue={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value={MANUAL}>{words.anyKind}</option>
        {others.map(([kind, title]) => <option key={kind} value={kind}>{title}</option>)}
      </select>
    </div>
  );
}
