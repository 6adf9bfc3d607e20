/**
 * The part of the address that names a page: what stands behind the `#`, so that no server sees or logs it. A page's
 * address is its name and, for a case, an incident, a practice or an audit, the id of that: never an id of a person or of
 * what they said.
 */
export function here(): string {
  const { hash } = location;
  return hash.startsWith("#/") ? hash.slice(1) : "/";
}

export function hrefOf(address: string): string {
  return address === "/" ? `${location.pathname}${location.search}` : `${location.pathname}${location.search}#${address}`;
}

/** Puts an address into the history: as a new entry, or in place of the one that is there. */
export function put(address: string, inPlace = false): void {
  if (inPlace || address === here()) history.replaceState(null, "", hrefOf(address));
  else history.pushState(null, "", hrefOf(address));
}

export function putLanguage(language: string): void {
  history.replaceState(null, "", `?lang=${language}${location.hash}`);
}

/** The parts of an address that a pattern such as `/people/{name}` leaves open; null if it is another address. */
export function matched(pattern: string, address: string): string[] | null {
  const wanted = pattern.split("/");
  const given = address.split("/");
  if (wanted.length !== given.length) return null;
  const open: string[] = [];
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (/^\{\w+\}$/.test(part) && value !== "") open.push(value);
    else if (part !== value) return null;
  }
  return open;
}
