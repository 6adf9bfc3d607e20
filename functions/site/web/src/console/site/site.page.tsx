import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { api, Choice, Choices, CopyButton, Field, Form, Heading, Input, linesOf, type Open, pageWords, Part, problemOf, Problem, showPage, tell, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { HoursEditor } from "./hours.tsx";
import { bodyOf, type Day, DAYS, faultOf, type Merged, merged, type PartOf, type Settings, settingsOf, type Site, usualHours } from "./settings.ts";
import { SITE, type SiteWords } from "./words.ts";

const LONGEST_WORD = 60;
const MOST_WORDS = 200;
const HIGHEST_WAGE = 100_000;

/** What admins set of a site: opening hours, hand-over, webhook and wage. */
export const open: Open = async () => {
  const { items } = await api.call("GET /v1/sites");
  const [site] = items;
  if (!site) throw new Problem("not_found");
  return <SitePage first={site} />;
};

interface State {
  /** The site as the server has it. */
  site: Site;
  /** The settings that the form begins with. */
  settings: Settings;
  /** Somebody else has saved meanwhile. */
  conflict: Merged | null;
}

function SitePage({ first }: { first: Site }) {
  const words = wordsOf(SITE);
  const state = useSignal<State>({ site: first, settings: settingsOf(first), conflict: null });
  const { site, settings, conflict } = state.value;
  const save = async (mine: Settings) => {
    const path = { id: site.id };
    say("");
    try {
      const { webhook } = await api.call("PUT /v1/sites/{id}", { path, headers: { "If-Match": site.etag }, body: bodyOf(site, mine) });
      await showPage(words.saved);
      if (webhook?.secret) tellSecret(webhook.secret);
    } catch (error) {
      if (problemOf(error).code !== "conflict") throw error;
      const now = await api.call("GET /v1/sites/{id}", { path });
      const both = merged(settingsOf(site), mine, settingsOf(now));
      state.value = { site: now, settings: both.settings, conflict: both };
      throw new Problem("cancelled");
    }
  };
  return (
    <div class="page site">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      {conflict && <Conflict key={site.etag} conflict={conflict} />}
      {/* With what was put together the form begins anew. */}
      <Editor key={site.etag} settings={settings} onSave={save} />
    </div>
  );
}

function Conflict({ conflict: { taken, kept } }: { conflict: Merged }) {
  const words = wordsOf(SITE);
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => element.current?.focus(), []);
  return (
    <div class="notice" role="alert" tabIndex={-1} ref={element}>
      <p><strong>{words.conflictTitle}</strong> {words.conflictText}</p>
      <ul>
        {taken.map((part) => <li key={part}>{words.taken(nameOf(part, words))}</li>)}
        {kept.map((part) => <li key={part}>{words.kept(nameOf(part, words))}</li>)}
        {taken.length + kept.length === 0 && <li>{words.same}</li>}
      </ul>
      <p><button type="button" class="link" onClick={() => void showPage()}>{words.discard}</button></p>
    </div>
  );
}

function nameOf(part: PartOf, words: SiteWords): string {
  return { hours: words.hours, handover: words.handover, url: words.webhook, wage: words.wage }[part];
}

function Editor({ settings, onSave }: { settings: Settings; onSave: (mine: Settings) => Promise<void> }) {
  const words = wordsOf(SITE);
  const form = useMemo(() => {
    const hours = signal(settings.hours ?? usualHours());
    const isAtHours = signal(settings.hours !== null);
    const typed = signal(settings.handover.words.join("\n"));
    const listed = signal(settings.handover.topics.join("\n"));
    const options = [{ value: "always", label: words.always }, { value: "hours", label: words.atHours }] as const;
    const fault = (day: Day) => {
      const found = isAtHours.peek() ? faultOf(hours.peek().week[day]) : null;
      return found && words[found];
    };
    return {
      hours,
      isAtHours,
      typed,
      listed,
      when: new Choice<"always" | "hours">(words.hoursWhat, [...options], isAtHours.peek() ? "hours" : "always"),
      faults: Object.fromEntries(
        DAYS.map((day) => [day, new Field({ name: `opening_hours/week/${day}`, label: words.days[day] ?? day, check: () => fault(day) })]),
      ) as Record<Day, Field>,
      words: new Field({ name: "handover/words", label: words.words, check: () => (isTooLong(linesOf(typed.peek())) ? words.wordLong : null) }),
      topics: new Field({ name: "handover/topics", label: words.topics, check: () => (areIds(linesOf(listed.peek())) ? null : words.topicFormat) }),
      unknown: new Field({
        name: "handover/after_unknown",
        label: words.unknown,
        hint: words.unknownText,
        value: String(settings.handover.unknown),
        attributes: { type: "number", inputmode: "numeric", min: "1", max: "5", required: true },
        check: (value) => (/^[1-5]$/.test(value) ? null : words.notWhole),
      }),
      url: new Field({
        name: "webhook/url",
        label: words.url,
        hint: words.urlText,
        value: settings.url,
        attributes: { type: "url", inputmode: "url", autocomplete: "off", spellcheck: false, maxlength: "2000" },
        check: (value) => (value.trim() === "" || /^https:\/\/[^\s/@#]+[^\s#]*$/.test(value.trim()) ? null : words.urlFormat),
      }),
      wage: new Field({
        name: "hourly_wage",
        label: words.wage,
        hint: words.wageText,
        value: settings.wage === null ? "" : String(settings.wage),
        attributes: { type: "number", inputmode: "decimal", min: "0", max: String(HIGHEST_WAGE), step: "any", autocomplete: "off" },
        check: (value) => (value === "" || (Number(value) >= 0 && Number(value) <= HIGHEST_WAGE) ? null : words.wageFormat),
      }),
    };
  }, []);
  const save = () =>
    onSave({
      hours: form.isAtHours.value ? form.hours.value : null,
      handover: { words: linesOf(form.typed.value), topics: linesOf(form.listed.value), unknown: Number(form.unknown.value) },
      url: form.url.value.trim(),
      wage: form.wage.value === "" ? null : Number(form.wage.value),
    });
  const { isAtHours, hours, faults } = form;
  return (
    <Form
      submit={pageWords().save}
      fields={[...DAYS.map((day) => faults[day]), form.unknown, form.words, form.topics, form.url, form.wage]}
      inputs={
        <>
          <Part title={words.hours}>
            <p>{words.hoursText}</p>
            <Choices of={form.when} onChange={(value) => (isAtHours.value = value === "hours")} />
            {isAtHours.value && <HoursEditor hours={hours} faults={faults} />}
          </Part>
          <Part title={words.handover}>
            <Input field={form.unknown} />
            <Lines field={form.words} text={form.typed} hint={words.wordsText} />
            <Lines field={form.topics} text={form.listed} hint={words.topicsText} />
          </Part>
          <Part title={words.webhook}>
            <p>{words.webhookText}</p>
            <Input field={form.url} />
          </Part>
          <Part title={words.reports}><Input field={form.wage} /></Part>
        </>
      }
      onSubmit={save}
    />
  );
}

/** A list, one a line. */
function Lines({ field, text, hint }: { field: Field; text: { value: string }; hint: string }) {
  const { id, error } = field;
  return (
    <div class="field">
      <label for={id}>{field.options.label}</label>
      <p class="hint" id={`${id}-hint`}>{hint}</p>
      <textarea
        id={id}
        rows={4}
        dir="auto"
        defaultValue={text.value}
        aria-describedby={`${id}-hint ${id}-error`}
        aria-invalid={error.value ? "true" : undefined}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          error.value = null;
        }}
      />
      <p class="error" id={`${id}-error`}>{error.value}</p>
    </div>
  );
}

function isTooLong(lines: string[]): boolean {
  return lines.length > MOST_WORDS || lines.some((line) => [...line].length > LONGEST_WORD);
}

function areIds(lines: string[]): boolean {
  return lines.length <= MOST_WORDS && lines.every((line) => /^[a-z0-9-]{1,10}$/.test(line));
}

function tellSecret(secret: string): void {
  const words = wordsOf(SITE);
  tell(
    words.secretTitle,
    <>
      <p>{words.secretText}</p>
      <div class="secret"><span class="label">{words.secret}</span><code>{secret}</code></div>
    </>,
    <CopyButton label={words.copySecret} text={() => secret} />,
  );
}
