import { show } from "../stage.tsx";
import { type Enrolment, toFirstFactor } from "./first_factor.tsx";
import { type Pending, SecondFactor } from "./second_factor.tsx";

/** The next step of a sign-in by password: the second factor, or setting one up. The document knows one form of each answer. */
export async function goOn(answer: Pending | Enrolment): Promise<void> {
  if ("mfa_token" in answer) await show(() => <SecondFactor {...answer} />);
  else await toFirstFactor(answer);
}
