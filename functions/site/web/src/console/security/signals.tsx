import { date, later, Part, wordsOf } from "../kit.ts";
import type { Incident, Signal } from "./contract.ts";
import { INCIDENT } from "./incident_words.ts";
import { measured, numberOf, Reason } from "./marks.tsx";

const WIDTH = 100;
/** The free part of the bar behind the greater of the two numbers. */
const ROOM = 1.25;

/** It verifies proofs, which is a lot of code for what stays closed most of the time. */
const Evidence = later("evidence", async () => (await import("./evidence.tsx")).Evidence);

/** The rules that were met, with what they measured, and the events that bear it out. */
export function Noticed({ incident, nature }: { incident: Incident; nature: string }) {
  const words = wordsOf(INCIDENT);
  const { signals, evidence } = incident;
  return (
    <Part title={words.noticed}>
      <p lang="en">{nature}</p>
      {words.english && <p class="hint">{words.english}</p>}
      {signals.length > 0
        ? <ul class="rows">{signals.map((signal) => <SignalRow key={signal.rule} signal={signal} />)}</ul>
        : <p class="hint">{words.noSignals}</p>}
      {evidence.length > 0 && <Evidence incident={incident} />}
    </Part>
  );
}

function SignalRow({ signal: { rule, reason, value, threshold, at } }: { signal: Signal }) {
  const words = wordsOf(INCIDENT);
  const scale = WIDTH / (Math.max(value, threshold, 1) * ROOM);
  return (
    <li>
      <div>
        <strong><Reason rule={rule} reason={reason} /></strong>
        {/* The sentence below says what it shows. */}
        <svg class="measured" aria-hidden="true" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none">
          <rect class="room" width={WIDTH} y="2" height="6" />
          <rect class="value" width={value * scale} y="2" height="6" />
          <line x1={threshold * scale} x2={threshold * scale} y2="10" />
        </svg>
        <p>{words.signal(measured(rule, value), numberOf(threshold))}</p>
        <p class="hint">{date(at)}</p>
      </div>
    </li>
  );
}
