import { api, type Enrolling, go, wordsOf } from "../kit.ts";
import { ACCOUNT } from "./words.ts";

/** One more second factor, for somebody who is signed in. */
export const adding: Enrolling = {
  post: (operation, body) => api.call(operation, { body } as never),
  done: () => go("/account", { said: wordsOf(ACCOUNT).factorAdded, inPlace: true }),
  back: () => void go("/account"),
};
