// The courses and practices as their authors wrote them.
import { readFileSync } from "node:fs";

export const COURSES = ["data-privacy", "safe-communication", "phishing", "first-hour", "assistants"];

function written(folder, id, locale) {
  return readFileSync(new URL(`../../../../functions/training/${folder}/${id}.${locale}.md`, import.meta.url), "utf8");
}

/** A course: its title, and the right options by question. */
export function course(id, locale = "en") {
  const text = written("courses", id, locale);
  const questions = text.split("[[questions]]").slice(1).map((question) => {
    const options = question.split("[[questions.options]]").slice(1);
    const right = options.filter((option) => /^right = true$/m.test(option)).map((option) => /^id = "(.+)"$/m.exec(option)[1]);
    return [/^id = "(.+)"$/m.exec(question)[1], right];
  });
  return { title: /^title = "(.+)"$/m.exec(text)[1], right: Object.fromEntries(questions) };
}

/** A practice: its title, and the turns of its chat with their choices. */
export function practice(id, locale = "en") {
  const text = written("practices", id, locale);
  const turns = text.split("[[chat]]").slice(1).map((turn) => ({
    id: /^id = "(.+)"$/m.exec(turn)[1],
    choices: turn.split("[[chat.choices]]").slice(1).map((choice) => ({
      text: /^text = "(.+)"$/m.exec(choice)[1],
      good: /^good = true$/m.test(choice),
      next: /^next = "(.+)"$/m.exec(choice)?.[1],
    })),
  }));
  return { title: /^title = "(.+)"$/m.exec(text)[1], turns };
}
