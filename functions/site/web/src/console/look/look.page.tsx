import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, Choice, Choices, CopyButton, Field, Form, Heading, Input, languageName, linesOf, type Open, pageWords, Part, Problem, showPage, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { bodyOf, type Look, originOf, saidIn, type Site, snippetOf, type Texts, unreadable, USUAL } from "./look.ts";
import { Preview } from "./preview.tsx";
import { LOOK } from "./words.ts";

const MOST_SUGGESTIONS = 4;
const LONGEST_SUGGESTION = 100;

/** The looks of a site: name, colours, first words and notice, and the pages that show it. */
export const open: Open = async () => {
  const { items } = await api.call("GET /v1/sites");
  const [site] = items;
  if (!site) throw new Problem("not_found");
  return <LookPage site={site} />;
};

function LookPage({ site }: { site: Site }) {
  const words = wordsOf(LOOK);
  const save = async (look: Look) => {
    await api.call("PUT /v1/sites/{id}", { path: { id: site.id }, headers: { "If-Match": site.etag }, body: bodyOf(site, look) });
    await showPage(words.saved);
  };
  return (
    <div class="page look">
      <Heading>{words.title}</Heading>
      <p>{words.text}</p>
      <Editor site={site} onSave={save} />
      <Snippet site={site} />
    </div>
  );
}

/** A field in each language of the site. */
type Spoken = Record<string, Field>;

function Editor({ site, onSave }: { site: Site; onSave: (look: Look) => Promise<void> }) {
  const words = wordsOf(LOOK);
  const form = useMemo(() => makeForm(site), []);
  const look = useSignal(savedLook(site));
  const changed = () => (look.value = lookOf(form));
  const isOwn = look.value.colours !== null;
  const texts = (fields: Spoken, rows?: number) =>
    Object.entries(fields).map(([tag, field]) => <Input key={tag} field={field} {...(rows && { rows })} lang={tag} onInput={changed} />);
  const colour = (field: Field) => <Input field={field} onInput={changed} />;
  const { name, accent, onAccent, greeting, suggested, launcher, notice, privacy, origins } = form;
  return (
    <Form
      submit={pageWords().save}
      meaning={{ conflict: words.again }}
      fields={[name, ...(isOwn ? [accent, onAccent] : []), ...[launcher, greeting, suggested, notice].flatMap(Object.values<Field>), privacy, origins]}
      before={<Preview look={look.value} />}
      inputs={
        <>
          <Part title={words.looks}>
            <Input field={name} onInput={changed} />
            <Choices of={form.colours} onChange={changed} />
            {isOwn && <div class="colours">{colour(accent)}{colour(onAccent)}</div>}
            {texts(launcher)}
          </Part>
          <Part title={words.first}>
            {texts(greeting, 3)}
            {texts(suggested, 4)}
          </Part>
          <Part title={words.notice}>
            <p>{words.noticeText}</p>
            <p class="hint">{words.version(site.consent.notice_version)}</p>
            {texts(notice, 4)}
            <Input field={privacy} />
          </Part>
          <Part title={words.pages}>
            <Input field={origins} rows={4} />
          </Part>
        </>
      }
      onSubmit={() => onSave(lookOf(form))}
    />
  );
}

interface LookForm {
  colours: Choice<"usual" | "own">;
  name: Field;
  accent: Field;
  onAccent: Field;
  launcher: Spoken;
  greeting: Spoken;
  suggested: Spoken;
  notice: Spoken;
  privacy: Field;
  origins: Field;
}

function makeForm(site: Site): LookForm {
  const words = wordsOf(LOOK);
  const plain = (maxlength: string) => ({ autocomplete: "off", maxlength });
  const spoken = (make: (tag: string, language: string) => Field): Spoken =>
    Object.fromEntries(site.locales.map((tag) => [tag, make(tag, languageName(tag))]));
  const { accent, on_accent } = site.colours ?? USUAL;
  const colour = (name: string, label: string, value: string, pale: string) =>
    new Field({ name: `colours/${name}`, label, value, attributes: { type: "color" }, check: () => (unreadable(coloursOf(form)) === name ? pale : null) });
  const areShort = (lines: string[]) => lines.length <= MOST_SUGGESTIONS && lines.every((line) => [...line].length <= LONGEST_SUGGESTION);
  const form: LookForm = {
    colours: new Choice<"usual" | "own">(
      words.colours,
      [{ value: "usual", label: words.usual }, { value: "own", label: words.own }],
      site.colours ? "own" : "usual",
    ),
    name: new Field({ name: "name", label: words.name, hint: words.nameText, value: site.name ?? "", attributes: plain("60") }),
    accent: colour("accent", words.accent, accent, words.accentPale),
    onAccent: colour("on_accent", words.onAccent, on_accent, words.textPale),
    launcher: spoken((tag, language) =>
      new Field({ name: "launcher", label: words.launcher(language), hint: words.launcherText(words.launcherUsual[tag] ?? ""), value: site.launcher[tag] ?? "", attributes: plain("40") })),
    greeting: spoken((tag, language) =>
      new Field({ name: "greeting", label: words.greeting(language), hint: words.greetingText, value: site.greeting[tag] ?? "", attributes: plain("500") })),
    suggested: spoken((tag, language) =>
      new Field({
        name: "suggested",
        label: words.suggested(language),
        hint: words.suggestedText,
        value: (site.suggested[tag] ?? []).join("\n"),
        check: (value) => (areShort(linesOf(value)) ? null : words.suggestedLong),
      })),
    notice: spoken((tag, language) =>
      new Field({ name: "consent/text", label: words.added(language), hint: words.addedText, value: site.consent.text[tag] ?? "", attributes: plain("2000") })),
    privacy: new Field({
      name: "privacy_url",
      label: words.privacy,
      hint: words.privacyText,
      value: site.privacy_url ?? "",
      attributes: { type: "url", inputmode: "url", spellcheck: false, ...plain("2000") },
      check: (value) => (value.trim() === "" || /^https:\/\/[^\s/@]+\S*$/.test(value.trim()) ? null : words.privacyFormat),
    }),
    origins: new Field({
      name: "origins",
      label: words.origins,
      hint: words.originsText,
      value: site.origins.join("\n"),
      attributes: { spellcheck: false },
      check: (value) => (linesOf(value).map(originOf).every((origin) => /^https:\/\/[^\s/]+$/.test(origin)) ? null : words.originFormat),
    }),
  };
  return form;
}

function coloursOf({ accent, onAccent }: LookForm) {
  return { accent: accent.value, on_accent: onAccent.value };
}

function savedLook({ name = null, origins, greeting, suggested, colours = null, launcher, privacy_url = null, consent }: Site): Look {
  return { name, origins, greeting, suggested, colours, launcher, privacy_url, notice: consent.text };
}

/** The look that the form holds. */
function lookOf(form: LookForm): Look {
  const said = (fields: Spoken): Texts => saidIn(Object.fromEntries(Object.entries(fields).map(([tag, field]) => [tag, field.value.trim()])));
  const lists = Object.fromEntries(Object.entries(form.suggested).map(([tag, field]) => [tag, linesOf(field.value)]));
  return {
    name: form.name.value.trim() || null,
    origins: linesOf(form.origins.value).map(originOf),
    greeting: said(form.greeting),
    suggested: saidIn(lists),
    // The inputs of the colours come a moment after they were asked for.
    colours: form.colours.value === "own" ? (form.accent.input ? coloursOf(form) : USUAL) : null,
    launcher: said(form.launcher),
    privacy_url: form.privacy.value.trim() || null,
    notice: said(form.notice),
  };
}

function Snippet({ site }: { site: Site }) {
  const words = wordsOf(LOOK);
  const pins = document.querySelector<HTMLMetaElement>('meta[name="sotto:root"]')?.content ?? "";
  const snippet = snippetOf(site, location.origin, pins, locale.peek());
  return (
    <Part title={words.snippet}>
      <p>{words.snippetText}</p>
      <pre class="snippet" tabIndex={0}><code>{snippet}</code></pre>
      <div class="buttons"><CopyButton label={words.copySnippet} text={() => snippet} /></div>
    </Part>
  );
}
