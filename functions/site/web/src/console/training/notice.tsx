import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Answer } from "../client.ts";
import { Link } from "../link.tsx";
import { locale } from "../locale.ts";
import { api } from "../session.ts";
import { wordsOf } from "../words.ts";
import { NOTICE } from "./notice_words.ts";

/** The practices that are open and that one has not played. A failure to read them is not told: they keep nobody waiting. */
export function Notice() {
  const words = wordsOf(NOTICE);
  const unplayed = useSignal<Answer<"GET /v1/training/practices">["items"]>([]);
  useEffect(() => {
    const read = api.call("GET /v1/training/practices", { query: { locale: locale.peek() } });
    read.then(({ items }) => (unplayed.value = items.filter(({ result }) => !result))).catch(() => {});
  }, []);
  return (
    <>
      {unplayed.value.map(({ id, title }) => (
        <p key={id} class="notice">
          <strong>{words.practice(title)}</strong> {words.announced} <Link to={`/training/practice/${id}`} class="link">{words.play}</Link>
        </p>
      ))}
    </>
  );
}
