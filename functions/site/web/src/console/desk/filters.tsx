import { languageName, wordsOf } from "../kit.ts";
import { filter, type Filter, lists, narrow, NO_FILTER, tab } from "./inbox.ts";
import { INBOX } from "./words.ts";

/** Narrows the list by what it shows. */
export function Filters() {
  const words = wordsOf(INBOX);
  const now = filter.value;
  const items = lists.value[tab.value].items;
  const put = (name: keyof Filter, value: string | boolean) => {
    const next = { ...now, [name]: value };
    const isNone = (Object.keys(NO_FILTER) as (keyof Filter)[]).every((one) => next[one] === NO_FILTER[one]);
    narrow(isNone ? NO_FILTER : next);
  };
  const locales = distinct([now.locale, ...items.map(({ locale }) => locale)]);
  const agents = distinct([now.agent, ...items.map(({ agent }) => agent?.name ?? "")]);
  const select = (name: "locale" | "agent", options: [value: string, label: string][]) => (
    <label>
      {words[name]}
      <select value={now[name]} onChange={({ currentTarget }) => put(name, currentTarget.value)}>
        <option value="">{words.any}</option>
        {options.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
      </select>
    </label>
  );
  const input = (name: "tag" | "from" | "to", type: "text" | "date") => (
    <label>
      {words[name]}
      <input {...({ type } as object)} value={now[name]} autocomplete="off" onInput={({ currentTarget }) => put(name, currentTarget.value)} />
    </label>
  );
  return (
    <details class="inbox-filter">
      <summary>{now === NO_FILTER ? words.filter : words.filterOn}</summary>
      <div class="filters">
        {input("tag", "text")}
        {select("locale", locales.map((locale) => [locale, languageName(locale)]))}
        {tab.value !== "mine" && agents.length > 0 && select("agent", agents.map((name) => [name, name]))}
        {input("from", "date")}
        {input("to", "date")}
        <label class="check">
          <input type="checkbox" checked={now.isUnread} onChange={({ currentTarget }) => put("isUnread", currentTarget.checked)} />
          <span>{words.onlyUnread}</span>
        </label>
        <p class="hint">{words.noSearch}</p>
        {now !== NO_FILTER && <p><button type="button" class="link" onClick={() => narrow(NO_FILTER)}>{words.clear}</button></p>}
      </div>
    </details>
  );
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].filter(Boolean).sort();
}
