import { api, Heading, type Open, showPage, wordsOf } from "../kit.ts";
import { Cases } from "./cases.tsx";
import { Erasures } from "./erasures.tsx";
import { Holds } from "./holds.tsx";
import { Retention } from "./policy.tsx";
import { OVERVIEW } from "./overview_words.ts";
import { PRIVACY } from "./words.ts";

/** For privacy staff: requests of subjects, legal holds, and how long things are kept. */
export const open: Open = async () => {
  const words = wordsOf(PRIVACY);
  const [cases, waiting, holds, policy] = await Promise.all([
    api.list("GET /v1/cases"),
    api.list("GET /v1/erasures"),
    api.list("GET /v1/holds"),
    api.call("GET /v1/retention/policy"),
  ]);
  return (
    <div class="page wide-terms">
      <Heading>{wordsOf(OVERVIEW).title}</Heading>
      <Cases cases={cases} />
      <Erasures waiting={waiting} />
      <Holds title={words.holds} text={words.holdsText} holds={holds} again={showPage} />
      <Retention policy={policy} />
    </div>
  );
};
