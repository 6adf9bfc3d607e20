// The courses as their authors wrote them.
import { readFileSync } from "node:fs";

export const COURSES = ["data-privacy", "safe-communication", "phishing", "first-hour", "assistants"];

/** A course: its title, and the right options by question. */
export function course(id, locale = "en") {
  const text = readFileSync(new URL(`../../../../functions/training/courses/${id}.${locale}.md`, import.meta.url), "utf8");
  const questions = text.split("[[questions]]").slice(1).map((question) => {
    const options = question.split("[[questions.options]]").slice(1);
    const right = options.filter((option) => /^right = true$/m.test(option)).map((option) => /^id = "(.+)"$/m.exec(option)[1]);
    return [/^id = "(.+)"$/m.exec(question)[1], right];
  });
  return { title: /^title = "(.+)"$/m.exec(text)[1], right: Object.fromEntries(questions) };
}
