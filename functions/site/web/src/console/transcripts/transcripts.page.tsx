import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, Choice, Choices, Form, groundsOf, Heading, idField, me, type Open, Part, reasonField, takeWanted, type Wanted, wordsOf } from "../kit.ts";
import { type Page, Transcript } from "./transcript.tsx";
import { TRANSCRIPT } from "./words.ts";

/** The read purposes of a transcript. */
const PURPOSES = ["subject_request", "incident", "legal", "quality", "support"] as const;

/** Reads a transcript for a stated reason, which is stored before anything is opened. */
export const open: Open = () => <Transcripts wanted={takeWanted()} />;

interface Read {
  first: Page;
  next(cursor: string): Promise<Page>;
}

function Transcripts({ wanted }: { wanted: Wanted }) {
  const words = wordsOf(TRANSCRIPT);
  const read = useSignal<Read | null>(null);
  const [purpose, id, reason] = useMemo(() => {
    const options = PURPOSES.map((value) => ({ value, label: words.purpose[value] ?? value, hint: words.purposeText[value] ?? "" }));
    const usual = me()?.roles.includes("privacy") ? "subject_request" : "incident";
    return [
      new Choice(words.whatFor, options, PURPOSES.find((one) => one === wanted.purpose) ?? usual),
      idField({ label: words.id, hint: words.idHint, value: wanted.conversationId }),
      reasonField({ label: words.reason, hint: words.reasonHint, isRequired: true, value: wanted.reason }),
    ] as const;
  }, []);
  const record = async () => {
    read.value = null;
    const path = { conversation_id: id.value.trim() };
    const headers = groundsOf(purpose.value, reason.value);
    // Each page is read for the same reason.
    const page = (cursor?: string) =>
      api.call("GET /v1/transcripts/{conversation_id}", { path, headers, query: { limit: 100, ...(cursor && { cursor }) } });
    read.value = { first: await page(), next: page };
  };
  return (
    <div class="page wide-terms">
      <Heading>{words.title}</Heading>
      <Part title={words.before}>
        <p>{words.recorded}</p>
        <Form
          submit={words.read}
          fields={[id, reason]}
          before={<Choices of={purpose} />}
          meaning={{ not_found: words.gone, erased: words.erased, purpose_required: words.notAccepted }}
          onSubmit={record}
        />
      </Part>
      {read.value && <Transcript {...read.value} />}
    </div>
  );
}
