import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, Choice, Choices, Form, groundsOf, Heading, type Open, Part, reasonField, wordsOf } from "../kit.ts";
import { type Asked, Leads, type Read } from "./list.tsx";
import { LEADS } from "./words.ts";

const PURPOSES = ["support", "quality"] as const;
const PERIODS = ["7", "30", "all"] as const;
const DAY_MS = 24 * 60 * 60_000;

/** The contact details that visitors have left, read for a stated purpose, which is stored before anything is opened. */
export const open: Open = () => <LeadsPage />;

function LeadsPage() {
  const words = wordsOf(LEADS);
  const read = useSignal<Read | null>(null);
  const isQuality = useSignal(false);
  const [purpose, period, reason] = useMemo(() => {
    const purposes = PURPOSES.map((value) => ({ value, label: words.purpose[value] ?? value, hint: words.purposeText[value] ?? "" }));
    const periods = PERIODS.map((value) => ({ value, label: words.periods[value] ?? value }));
    return [
      new Choice(words.whatFor, purposes, "support"),
      new Choice(words.period, periods, "30"),
      reasonField({ label: words.reason, hint: words.reasonHint, isRequired: true }),
    ] as const;
  }, []);
  const look = async () => {
    read.value = null;
    const asked: Asked = {
      headers: purpose.value === "quality" ? groundsOf("quality", reason.value) : { "Sotto-Purpose": purpose.value },
      query: period.value === "all" ? {} : { from: new Date(Date.now() - Number(period.value) * DAY_MS).toISOString() },
    };
    const first = await api.call("GET /v1/leads", asked);
    // The link to a conversation is for those who have it.
    const { items } = (await api.call("GET /v1/inbox", { query: { status: "mine", limit: 100 } })) ?? { items: [] };
    read.value = { asked, first, own: new Set(items.map(({ conversation_id }) => conversation_id)) };
  };
  return (
    <div class="page">
      <Heading>{words.title}</Heading>
      <Part title={words.before}>
        <p>{words.recorded}</p>
        <Form
          submit={words.read}
          fields={isQuality.value ? [reason] : []}
          before={
            <div class="choices">
              <Choices of={purpose} onChange={(value) => (isQuality.value = value === "quality")} />
              <Choices of={period} />
            </div>
          }
          meaning={{ purpose_required: words.notAccepted }}
          onSubmit={look}
        />
      </Part>
      {read.value && <Leads {...read.value} />}
    </div>
  );
}
