import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { formOf } from "../../form.ts";
import { downloadJson } from "../../../download.ts";
import type { Opened } from "./case.ts";
import type { Export } from "./contract.ts";
import { nothingStored } from "./find.ts";
import { pageUrl } from "./printable.ts";
import type { Step } from "./steps.ts";

/** Access: everything that is stored, as files and as pages to print. They are in this page's memory and nowhere else. */
export function exportStep(app: App, opened: Opened): Step {
  const words = app.words.case;
  const { state, closed_at } = opened.case;
  const { exported, isNothingStored } = opened;
  // For a case that is closed nothing is given out any more.
  const again = closed_at === null ? [exporting(app, opened, words.exportAgain)] : [];
  return {
    title: words.act.access,
    isLeftOut: state === "refused" || isNothingStored,
    isDone: state === "done" || state === "answered",
    whenDone: () =>
      exported.length > 0
        ? [h("p", {}, words.exported), partsOf(app, opened)]
        : [h("p", {}, words.exportedBefore), ...again],
    now: () =>
      opened.subject
        ? [h("p", {}, words.exportText), exporting(app, opened, words.exportSend)]
        // What there was has expired since it was found.
        : [h("p", {}, words.nothingLeft), nothingStored(app, opened)],
  };
}

function exporting(app: App, opened: Opened, label: string): HTMLElement {
  return formOf({
    words: app.words,
    submit: label,
    fields: [],
    meaning: { not_found: app.words.case.nothingLeft, erased: app.words.case.nothingLeft },
    onSubmit: async () => {
      const exported: Export[] = [];
      let cursor: string | null = null;
      do {
        const part: Export = await partAt<Export>(app, opened, cursor);
        exported.push(part);
        cursor = part.next_cursor;
      } while (cursor);
      await opened.again(app.words.case.exported, { exported });
    },
  });
}

function partAt<Part>(app: App, { case: { id, subject_id } }: Opened, cursor: string | null, accept?: string): Promise<Part> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const headers = { "Sotto-Case": id, ...(accept && { Accept: accept }) };
  const path = `/v1/subjects/${encodeURIComponent(subject_id ?? "")}/export${query}`;
  return app.api.call<Part>("POST", path, undefined, { headers, isLong: true });
}

/** Each part is a whole document, and is handed over as one. */
function partsOf(app: App, opened: Opened): HTMLElement {
  const words = app.words.case;
  const { exported } = opened;
  const rows = exported.map((part, i) => {
    const cursor = exported[i - 1]?.next_cursor ?? null;
    const suffix = exported.length === 1 ? "" : `-${i + 1}-of-${exported.length}`;
    const json = button(words.json, "secondary", () => downloadJson(`export-${opened.case.id}${suffix}.json`, part));
    const buttons = h("div", { class: "buttons" }, json);
    const page: HTMLButtonElement = button(words.page, "secondary", () =>
      void app.attempt(async () => {
        const url = pageUrl(await partAt<unknown>(app, opened, cursor, "text/html"), app.leaving);
        // A link, since a tab that a script opens after a request is one that browsers block.
        const link = h("a", { class: "secondary", href: url, target: "_blank", rel: "noopener" }, words.pageLink);
        page.replaceWith(link);
        link.focus();
      }),
    );
    if (opened.case.closed_at === null) buttons.append(page);
    return h("li", {}, h("div", {}, words.part(i + 1, exported.length)), buttons);
  });
  return h("ul", { class: "rows" }, ...rows);
}
