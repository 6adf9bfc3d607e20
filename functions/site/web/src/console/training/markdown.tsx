import type { ComponentChildren } from "preact";

/** The text of a course: headings, paragraphs, lists, bold words and links. The build of the courses lets nothing else through. */
export function Markdown({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}/).flatMap(partsOf);
  return <>{blocks.map((lines, i) => <Block key={i} lines={lines} />)}</>;
}

/** A heading needs no empty line behind it. */
function partsOf(block: string): string[][] {
  const lines = block.split("\n");
  const [first = "", ...rest] = lines;
  return first.startsWith("## ") && rest.length > 0 ? [[first], rest] : [lines];
}

function Block({ lines }: { lines: string[] }) {
  const [first = ""] = lines;
  if (first.startsWith("## ")) return <h2>{first.slice(3)}</h2>;
  if (!first.startsWith("- ")) return <p>{inline(lines.join(" "))}</p>;
  const items = lines.reduce<string[]>((items, line) => {
    if (line.startsWith("- ")) return [...items, line.slice(2)];
    return [...items.slice(0, -1), `${items.at(-1) ?? ""} ${line.trim()}`];
  }, []);
  return <ul>{items.map((item, i) => <li key={i}>{inline(item)}</li>)}</ul>;
}

const INLINE = /\*\*(.+?)\*\*|\[([^\]]+)\]\((https:\/\/[^)\s]+)\)/g;

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, bold, label, address] = found;
    parts.push(text.slice(end, found.index));
    parts.push(bold ? <strong>{bold}</strong> : <a class="link" href={address} target="_blank" rel="noopener noreferrer">{label}</a>);
    end = found.index + whole.length;
  }
  return [...parts, text.slice(end)];
}
