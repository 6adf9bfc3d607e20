import type { Locale } from "../locale.ts";

/** The words of a receipt. */
const en = {
  receipt: "Receipt",
  receiptText: "It is signed; anyone can check it with the public key.",
  completed: "Unreadable from",
  destroyed: "Destroyed",
  destroyedCounts: (conversations: string, messages: number, keys: number) => `${conversations}, ${messages} messages, ${keys} keys`,
  kept: "Kept for now",
  keptCount: (conversations: string) => `${conversations}, under a legal hold`,
  receiptDownload: "Download the receipt",
  conversations: (count: number) => (count === 1 ? "1 conversation" : `${count} conversations`),
};

export type ReceiptWords = typeof en;

const de: ReceiptWords = {
  receipt: "Quittung",
  receiptText: "Sie ist unterschrieben; wer will, kann sie mit dem öffentlichen Schlüssel prüfen.",
  completed: "Unlesbar ab",
  destroyed: "Vernichtet",
  destroyedCounts: (conversations, messages, keys) => `${conversations}, ${messages} Nachrichten, ${keys} Schlüssel`,
  kept: "Vorerst bewahrt",
  keptCount: (conversations) => `${conversations}, unter einer Löschsperre`,
  receiptDownload: "Quittung herunterladen",
  conversations: (count) => (count === 1 ? "1 Gespräch" : `${count} Gespräche`),
};

export const RECEIPT: Record<Locale, ReceiptWords> = { en, de };
