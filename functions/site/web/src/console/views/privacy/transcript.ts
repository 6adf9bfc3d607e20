import { button, h } from "../../../elements.ts";
import { type App, headingOf } from "../../app.ts";
import { Choice } from "../../choice.ts";
import { formOf } from "../../form.ts";
import { listOf, part, type Row } from "../account.ts";
import { PURPOSES, type Purpose, type Transcript, type TranscriptMessage } from "./contract.ts";
import { idField, reasonField } from "./holds.ts";

/** What is known already of what shall be read. */
export interface Wanted {
  conversationId?: string;
  purpose?: Purpose;
  reason?: string;
}

/** For who may have a reason to read what was said. Nothing is opened before that is stored. */
export function transcriptView(app: App, wanted: Wanted): HTMLElement {
  const words = app.words.transcript;
  const hints = PURPOSES.map((value) => ({ value, label: words.purpose[value], hint: words.purposeText[value] }));
  const usual = app.me?.roles.includes("privacy") ? "subject_request" : "incident";
  const purpose = new Choice<Purpose>(words.whatFor, hints, wanted.purpose ?? usual);
  const id = idField(app, { label: words.id, hint: words.idHint, value: wanted.conversationId ?? "" });
  const reason = reasonField(app, {
    label: words.reason,
    hint: words.reasonHint,
    isRequired: true,
    value: wanted.reason ?? "",
  });
  const read = h("div", { class: "page" });
  const form = formOf({
    words: app.words,
    submit: words.read,
    fields: [id, reason],
    before: [purpose.element],
    meaning: { not_found: words.gone, erased: words.erased, purpose_required: words.notAccepted },
    onSubmit: async () => {
      read.replaceChildren();
      const pages = new Pages(app, id.value.trim(), { "Sotto-Purpose": purpose.value, "Sotto-Reason": utf8(reason.value.trim()) });
      const first = await pages.next();
      read.replaceChildren(transcriptPart(app, pages, first));
      read.querySelector("h2")?.focus();
    },
  });
  return h(
    "div",
    { class: "page", "data-place": "transcripts" },
    headingOf(words.title),
    part(words.before, h("p", {}, words.recorded), form),
    read,
  );
}

/** One conversation, page by page, each for the same reason. */
class Pages {
  #cursor: string | null = null;

  constructor(
    private readonly app: App,
    private readonly id: string,
    private readonly headers: Record<string, string>,
  ) {}

  async next(): Promise<Transcript> {
    const cursor = this.#cursor ? `&cursor=${encodeURIComponent(this.#cursor)}` : "";
    const path = `/v1/transcripts/${encodeURIComponent(this.id)}?limit=100${cursor}`;
    const page = await this.app.api.call<Transcript>("GET", path, undefined, { headers: this.headers });
    this.#cursor = page.next_cursor;
    return page;
  }
}

function transcriptPart(app: App, pages: Pages, first: Transcript): HTMLElement {
  const words = app.words.transcript;
  const { id, subject_id, status, created_at, expires_at, held } = first.conversation;
  const rows: Row[] = [
    [words.conversation, h("code", {}, id)],
    [app.words.case.subject, h("code", {}, subject_id)],
    [words.status, words.statuses[status] ?? status],
    [words.opened, app.date(created_at)],
    [words.until, app.date(expires_at)],
  ];
  if (held) rows.push([words.hold, words.isHeld]);
  const messages = h("ol", { class: "rows transcript", "aria-label": words.messages });
  const more = button(words.more, "secondary", () =>
    void app.attempt(
      async () => {
        if (more.ariaBusy === "true") return;
        more.ariaBusy = "true";
        try {
          (add(await pages.next()) ?? heading)?.focus();
        } finally {
          more.ariaBusy = "false";
        }
      },
      { not_found: words.gone, erased: words.erased },
    ),
  );
  const buttons = h("div", { class: "buttons" }, more);
  const element = part(words.said, listOf(rows), messages, buttons);
  const heading = element.querySelector("h2");
  heading?.setAttribute("tabindex", "-1");
  add(first);
  if (messages.childElementCount === 0 && first.next_cursor === null) element.append(h("p", { class: "hint" }, words.nothingSaid));
  return element;

  /** Adds a page; answers its first item. */
  function add(page: Transcript): HTMLElement | undefined {
    const items = page.messages.map((message) => itemOf(app, message));
    if (page.integrity !== "ok") items.unshift(h("li", {}, h("p", { class: "notice" }, h("strong", {}, words.broken))));
    const [head] = items;
    if (head) head.tabIndex = -1;
    messages.append(...items);
    if (page.next_cursor === null) buttons.remove();
    return head;
  }
}

function itemOf(app: App, { author, created_at, text, sources }: TranscriptMessage): HTMLElement {
  const words = app.words.transcript;
  const time = h("time", { datetime: created_at }, app.date(created_at));
  const who = h("p", {}, h("strong", {}, words.author[author] ?? author), " · ", time);
  const item = h("li", {}, h("div", {}, who, h("p", { class: "said", dir: "auto" }, text)));
  const titles = (sources ?? []).map(({ title }) => title);
  if (titles.length > 0) item.firstElementChild?.append(h("p", { class: "hint" }, words.from(titles.join(", "))));
  return item;
}

/** A header's value holds bytes, and this is how words beyond ASCII are put into them. */
function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
