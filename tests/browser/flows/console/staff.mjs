// The staff in the console; the tests add what they learn: the address, the secret, the codes.
export const admin = { name: "Ada Example", password: "violet harbour seven lanterns" };
export const agent = { name: "Ben Example", email: "ben@example.com", password: "quiet copper window orchard" };
export const officer = { name: "Sol Example", email: "sol@example.com", password: "three amber bridges at noon" };
export const learner = { name: "Lea Example", email: "lea@example.com", password: "six brass lanterns by the pier" };
export const auditor = { name: "Uma Example", email: "uma@example.com", password: "grey lanterns over wet cobbles" };

/** How long a second factor counts as just shown, and a little more. */
export const STALE_SECONDS = 310;
