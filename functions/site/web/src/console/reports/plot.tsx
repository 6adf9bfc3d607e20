import { useId } from "preact/hooks";
import { wordsOf } from "../kit.ts";
import type { Bar } from "./read.ts";
import { REPORT } from "./words.ts";

const HEIGHT = 100;
const STEP = 10;
const GAP = 2;

interface Props {
  title: string;
  text?: string;
  bars: Bar[];
  /** The head of the first column of the table. */
  unit: string;
  /** A bar's day or hour in words, and in short. */
  name(at: string): string;
  short(at: string): string;
  summary(most: number, when: string, all: number): string;
}

/** Stacked bars, which say themselves in a sentence, and as a table below. */
export function Plot({ title, text, bars, unit, name, short, summary }: Props) {
  const words = wordsOf(REPORT);
  const id = useId();
  const sums = bars.map(({ bot, person }) => bot + person);
  const most = Math.max(...sums, 0);
  const top = ceilingOf(most);
  const when = bars[sums.indexOf(most)]?.at ?? "";
  const scale = HEIGHT / top;
  const label = summary(most, name(when), sums.reduce((all, one) => all + one, 0));
  const marks = [...new Set([0, Math.floor((bars.length - 1) / 2), bars.length - 1])];
  return (
    <section class="part plot" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {text && <p class="hint">{text}</p>}
      <ul class="legend">
        <li class="by-bot">{words.bot}</li>
        <li class="by-person">{words.person}</li>
      </ul>
      <div class="plotted">
        <div class="scale" aria-hidden="true"><span>{top}</span><span>0</span></div>
        <svg role="img" aria-label={label} viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`} preserveAspectRatio="none">
          <line class="axis" x1="0" x2={bars.length * STEP} y1={HEIGHT} y2={HEIGHT} />
          {bars.map(({ at, bot, person }, i) => (
            <g key={at}>
              <title>{`${name(at)}: ${words.bot} ${bot}, ${words.person} ${person}`}</title>
              <rect class="by-bot" x={i * STEP + GAP / 2} width={STEP - GAP} y={HEIGHT - bot * scale} height={bot * scale} />
              <rect class="by-person" x={i * STEP + GAP / 2} width={STEP - GAP} y={HEIGHT - (bot + person) * scale} height={Math.max(0, person * scale - (bot > 0 ? 1 : 0))} />
            </g>
          ))}
        </svg>
        <div class="marks" aria-hidden="true">{marks.map((i) => <span key={i}>{short(bars[i]?.at ?? "")}</span>)}</div>
      </div>
      <details>
        <summary>{words.table}</summary>
        <div class="table-frame" tabIndex={0} role="group" aria-label={title}>
          <table>
            <thead><tr><th scope="col">{unit}</th><th scope="col">{words.all}</th><th scope="col">{words.bot}</th><th scope="col">{words.person}</th></tr></thead>
            <tbody>
              {bars.map(({ at, bot, person }) => (
                <tr key={at}><th scope="row">{name(at)}</th><td>{bot + person}</td><td>{bot}</td><td>{person}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** A round number that the highest bar stays below. */
function ceilingOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((round) => round >= most) ?? power * 10;
}
