import { downloadJson } from "../../download.ts";
import { date, List, type Row, wordsOf } from "../kit.ts";
import type { Receipt } from "./contract.ts";
import { RECEIPT } from "./receipt_words.ts";

/** The receipt of an erasure: a signed statement, to be kept and sent. */
export function ReceiptText({ receipt }: { receipt: Receipt }) {
  const words = wordsOf(RECEIPT);
  const { id, completed_at, conversations, messages, keys_destroyed, kept } = receipt;
  const rows: Row[] = [
    [words.receipt, <code>{id}</code>],
    [words.completed, date(completed_at)],
    [words.destroyed, words.destroyedCounts(words.conversations(conversations), messages, keys_destroyed)],
  ];
  if (kept.length > 0) rows.push([words.kept, words.keptCount(words.conversations(kept.length))]);
  const save = () => downloadJson(`receipt-${id}.json`, receipt);
  return (
    <>
      <List rows={rows} />
      <p class="hint">{words.receiptText}</p>
      <div class="buttons"><button type="button" class="secondary" onClick={save}>{words.receiptDownload}</button></div>
    </>
  );
}
