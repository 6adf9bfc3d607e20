/**
 * The parts that pages are built from. Each page imports this file, so that the bundler puts all of it into the first load and
 * nothing of it into the file of a page.
 */
export { Choices, Choice, type Option } from "./components/choice.tsx";
export { CoolingNotice, fromWhen, restsUntil } from "./cooling.tsx";
export { CopyButton } from "./components/copy.tsx";
export { beginningOf, dayField, daysAhead, daysUntil, isPast } from "./components/day.ts";
export { ask, confirmed, tell } from "./components/dialog.tsx";
export { idField, isId, reasonField } from "./components/fields.ts";
export { Field, Form, Input, newId } from "./components/form.tsx";
export { groundsOf } from "./grounds.ts";
export { later } from "./components/later.tsx";
export { linesOf } from "./components/lines.ts";
export { Heading, List, Part, type Row, SmallButton } from "./components/part.tsx";
export type { Answer } from "./client.ts";
export { PAGE } from "./page_words.ts";
export { Link } from "./link.tsx";
export { AUDITOR, type Open, isFor } from "./page.ts";
export { verified } from "./modules.ts";
export { pageUrl } from "./privacy/printable.ts";
export { Problem, problemOf } from "./problem.ts";
export { Changes, RESET_NOTICE, ResetNotice } from "./notices.tsx";
export { api, go, me, meNow, open as showPage, signOut } from "./session.ts";
export { Codes } from "./sign_in/codes.tsx";
export { type Enrolling, PasskeyForm, TotpForm } from "./sign_in/enrol.tsx";
export { emailField } from "./sign_in/fields.ts";
export { linkOf, type Purpose } from "./sign_in/invitation_link.ts";
export { knownPassword, NewPassword, newPassword, PasswordInput } from "./sign_in/password.tsx";
export { attempt, complain, leavingSignal, show } from "./stage.tsx";
export { PracticeNotice } from "./training/later_notice.ts";
export { takeWanted, want, type Wanted } from "./transcripts/wanted.ts";
export { clockTime, date, day, languageName, named, pageWords, wordsOf } from "./words.ts";
