import { type Answer, api, Link, me, Part, wordsOf } from "../kit.ts";
import { START } from "./words.ts";

export interface SiteState {
  site: Answer<"GET /v1/sites/{id}">;
  /** Whether visitors get answers in any language. */
  isPublished: boolean;
}

/** How far a site is set up, for those who can do something about it; null where nothing of it is missing. */
export async function siteState(): Promise<SiteState | null> {
  if (!me()?.roles.includes("admin")) return null;
  try {
    const { items: [site] } = await api.call("GET /v1/sites");
    if (!site) return null;
    const versions = await Promise.all(site.locales.map((locale) => api.call("GET /v1/knowledge/versions", { query: { locale } })));
    const isPublished = versions.some(({ items }) => items.length > 0);
    return site.name && isPublished ? null : { site, isPublished };
  } catch {
    // The overview is for more than this.
    return null;
  }
}

/** The way to a chat of one's own. No step has to be done: each has a usual answer. */
export function SetUp({ state: { site, isPublished } }: { state: SiteState }) {
  const words = wordsOf(START);
  const steps = [
    { to: "/look", isDone: Boolean(site.name), ...words.steps.look },
    { to: "/look", isDone: site.origins.length > 0, ...words.steps.pages },
    { to: "/site", isDone: Boolean(site.opening_hours), ...words.steps.hours },
    { to: "/knowledge", isDone: isPublished, ...words.steps.answers },
    { to: "/look", isDone: false, ...words.steps.embed },
  ];
  return (
    <Part title={words.setUp}>
      <p>{words.setUpText}</p>
      <ol class="rows set-up">
        {steps.map(({ to, isDone, title, text }) => (
          <li key={title}>
            <div>
              <Link to={to} class="place">{title}</Link>
              <p class="hint">{text}</p>
            </div>
            {isDone && <p><strong>{words.done}</strong></p>}
          </li>
        ))}
      </ol>
    </Part>
  );
}
