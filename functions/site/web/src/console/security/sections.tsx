import { here } from "../address.ts";
import { Link, me, wordsOf } from "../kit.ts";
import { SECTIONS } from "./sections_words.ts";

const ADDRESSES = { incidents: "/security", rules: "/security/rules", log: "/security/log", lessons: "/security/lessons" } as const;

/** Links from each page about security to the others. An auditor has only the log. */
export function Sections() {
  const words = wordsOf(SECTIONS);
  if (!me()?.roles.includes("security")) return null;
  return (
    <nav class="sections" aria-label={words.label}>
      {(Object.keys(ADDRESSES) as (keyof typeof ADDRESSES)[]).map((name) => (
        <Link key={name} to={ADDRESSES[name]} class="link" isCurrent={here() === ADDRESSES[name]}>{words[name]}</Link>
      ))}
    </nav>
  );
}
