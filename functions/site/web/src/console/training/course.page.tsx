import { useSignal } from "@preact/signals";
import { type Answer, api, Heading, Link, type Open, Part, wordsOf } from "../kit.ts";
import { locale } from "../locale.ts";
import { PlayedChat } from "./chat.tsx";
import { Markdown } from "./markdown.tsx";
import { Questions } from "./questions.tsx";
import { TRAINING } from "./words.ts";

type Course = Answer<"GET /v1/training/courses/{id}">;

/** A course: to read, to play, and to answer its questions. */
export const open: Open = async ({ parameters: [id = ""] }) => {
  const course = await api.call("GET /v1/training/courses/{id}", { path: { id }, query: { locale: locale.peek() } });
  return <CourseView course={course} />;
};

function CourseView({ course }: { course: Course }) {
  const words = wordsOf(TRAINING);
  const isPlayed = useSignal(false);
  return (
    <div class="page course">
      <Heading>{course.title}</Heading>
      <div class="others"><Link to="/training" class="link">{words.toAll}</Link></div>
      <p class="hint">{words.parts(course.minutes)}</p>
      <section class="part reading"><Markdown text={course.text} /></section>
      <Part title={words.play}>
        <p class="hint">{words.playText}</p>
        <PlayedChat turns={course.chat} onEnd={() => (isPlayed.value = true)} />
      </Part>
      <Part title={words.questions}>
        <p>{words.questionsText}</p>
        {!isPlayed.value && <p class="hint">{words.playFirst}</p>}
        <Questions id={course.id} />
      </Part>
    </div>
  );
}
