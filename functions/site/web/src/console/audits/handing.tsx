import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { download } from "../../download.ts";
import { api, attempt, leavingSignal, pageUrl, wordsOf } from "../kit.ts";
import { say } from "../stage.tsx";
import { AUDIT } from "./audit_words.ts";

/** The command that verifies a bundle, on any machine. */
const COMMAND = "cargo doctor verify-bundle --jwks jwks.json";

/** Hands the audit on: as a page to print, and as a bundle that others verify. */
export function Handing({ id, at }: { id: string; at: string }) {
  const words = wordsOf(AUDIT);
  const isBusy = useSignal(false);
  const save = () =>
    void attempt(async () => {
      if (isBusy.value) return;
      isBusy.value = true;
      try {
        const bundle = await api.call("GET /v1/audits/{id}/bundle", { path: { id }, isLong: true });
        download(nameOf(at), "application/zip", bundle);
        say(words.downloaded);
      } finally {
        isBusy.value = false;
      }
    });
  return (
    <>
      <div class="buttons">
        <Sheet id={id} />
        <button type="button" class="secondary" aria-busy={isBusy.value} onClick={save}>{words.bundle}</button>
      </div>
      <p class="hint">{words.bundleText} <code>{COMMAND} {nameOf(at)}</code></p>
    </>
  );
}

/** Named by the day of UTC, as the server does. */
function nameOf(at: string): string {
  return `sotto-audit-${at.slice(0, 10)}.zip`;
}

/** The audit as a page to print: a button that makes it, and then a link. */
function Sheet({ id }: { id: string }) {
  const words = wordsOf(AUDIT);
  const url = useSignal<string | null>(null);
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => link.current?.focus(), [url.value]);
  const make = () =>
    void attempt(async () => {
      const page = await api.call("GET /v1/audits/{id}", { path: { id }, headers: { Accept: "text/html" }, isLong: true });
      url.value = pageUrl(page, leavingSignal());
    });
  // A link, since a tab that a script opens after a request is one that browsers block.
  return url.value
    ? <a ref={link} class="secondary" href={url.value} target="_blank" rel="noopener">{words.printLink}</a>
    : <button type="button" class="secondary" onClick={make}>{words.print}</button>;
}
