import { button, h } from "../../../elements.ts";
import type { App } from "../../app.ts";
import { listOf, type Row } from "../account.ts";
import { downloadJson } from "../../../download.ts";
import type { Receipt } from "./contract.ts";

/** What an erasure leaves: a signed statement, to be kept and sent. */
export function receiptPart(app: App, receipt: Receipt): Node[] {
  const words = app.words.case;
  const { id, completed_at, conversations, messages, keys_destroyed, kept } = receipt;
  const rows: Row[] = [
    [words.receipt, h("code", {}, id)],
    [words.completed, app.date(completed_at)],
    [words.destroyed, words.destroyedCounts(words.conversations(conversations), messages, keys_destroyed)],
  ];
  if (kept.length > 0) rows.push([words.kept, words.keptCount(words.conversations(kept.length))]);
  const save = button(words.receiptDownload, "secondary", () => downloadJson(`receipt-${id}.json`, receipt));
  return [listOf(rows), h("p", { class: "hint" }, words.receiptText), h("div", { class: "buttons" }, save)];
}
