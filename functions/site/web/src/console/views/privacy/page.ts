import { h } from "../../../elements.ts";
import { type App, headingOf } from "../../app.ts";
import { casesPart } from "./cases.ts";
import type { Case, Hold, Policy } from "./contract.ts";
import { holdsPart } from "./holds.ts";
import { policyPart } from "./policy.ts";

/** For privacy staff: requests of subjects, legal holds, and how long things are kept. */
export async function privacyView(app: App): Promise<HTMLElement> {
  const words = app.words.privacy;
  const [cases, holds, policy] = await Promise.all([
    app.api.list<Case>("/v1/cases"),
    app.api.list<Hold>("/v1/holds"),
    app.api.call<Policy>("GET", "/v1/retention/policy"),
  ]);
  return h(
    "div",
    { class: "page", "data-place": "privacy" },
    headingOf(words.title),
    casesPart(app, cases),
    holdsPart(app, { title: words.holds, text: words.holdsText, holds, again: (said) => app.toPrivacy(said) }),
    policyPart(app, policy),
  );
}
