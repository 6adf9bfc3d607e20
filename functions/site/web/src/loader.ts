/**
 * widget.js: a button, and what it takes to fetch the rest when it is pressed.
 * Until then nothing is stored in the browser and nothing else is requested.
 */
import type { Chat, ChatWindow, Embed, Seal, Voice, Work } from "./contract.ts";
import { colourSheet, isColour } from "./colours.ts";
import css from "./loader.css";
import { localeOf } from "./locale.ts";

const WORDS = {
  en: { open: "Chat with us", unread: (n: number) => (n === 1 ? "One new message" : `${n} new messages`), failed: "The chat could not be loaded. Please reload the page and try again." },
  de: { open: "Chat öffnen", unread: (n: number) => (n === 1 ? "Eine neue Nachricht" : `${n} neue Nachrichten`), failed: "Der Chat konnte nicht geladen werden. Bitte laden Sie die Seite neu und versuchen Sie es noch einmal." },
};

/** By these the page's focus traps notice that somebody left them; nothing here listens to them. */
const UNSEEN = ["focusin", "focusout", "mousedown", "pointerdown", "touchstart"];
const KEYS = ["keydown", "keypress", "keyup"];
/** Listeners of the page that capture see these: the browser has nothing to stop them with. */
const KEPT = ["beforeinput", "input", "paste", "copy", "cut", "compositionstart", "compositionupdate", "compositionend"];

function embedOf(script: HTMLScriptElement): Embed {
  const { site, root, locale, privacy, launcher } = script.dataset;
  return {
    base: new URL(script.src).origin,
    site: site ?? "default",
    pins: (root ?? "").split(/\s+/).filter(Boolean),
    locale: localeOf(locale || document.documentElement.lang || navigator.language),
    privacy: privacy ?? null,
    launcher: launcher || null,
    identity: () => present(script).dataset.identity || null,
  };
}

/** A page that replaces its body replaces the script in it too, and what it says then counts. */
function present(script: HTMLScriptElement): HTMLScriptElement {
  const same = () => [...document.scripts].find(({ src }) => src === script.src);
  return (script.isConnected ? null : same()) ?? script;
}


/**
 * Pages that enforce Trusted Types let a script set another script's address
 * only through a policy; this one passes the files it knows. A page that
 * forbids the policy itself meets the browser's own refusal in `load`.
 */
function scriptUrls(base: string): (path: string) => string {
  const known = Object.values(ASSETS).map(({ path }) => base + path);
  const createScriptURL = (url: string) => {
    if (!known.includes(url)) throw new TypeError("unknown file");
    return url;
  };
  const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: object): typeof rules } };
  const rules = { createScriptURL };
  try {
    const policy = (trustedTypes?.createPolicy("sotto", rules) ?? rules) as typeof rules;
    return (path) => policy.createScriptURL(base + path);
  } catch {
    return (path) => createScriptURL(base + path);
  }
}

/** Runs a file whose bytes have the hash known since this file was built, and takes what it hands over. */
function load<Part>(url: string, integrity: string): Promise<Part> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.integrity = integrity;
    script.crossOrigin = "anonymous";
    script.addEventListener("load", () => {
      script.remove();
      resolve((script as unknown as { sotto: Part }).sotto);
    });
    script.addEventListener("error", () => {
      script.remove();
      reject(new Error("not loaded"));
    });
    script.src = url;
    document.head.append(script);
  });
}

function icon(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M21 12a8 8 0 0 1-8 8H4l2-3.2A8 8 0 1 1 21 12zM9 12h.01M13 12h.01M17 12h.01");
  svg.append(path);
  return svg;
}

/**
 * Keeps what is typed here from the page's shortcuts and focus traps. Listening first of all, on the
 * window, it stops the event there and gives a copy to the field, which never leaves the widget. Only
 * listeners that were on the window before this script ran still see the event.
 */
function keepEvents(host: HTMLElement): void {
  const isOurs = (event: Event) => event.target === host;
  for (const type of UNSEEN) {
    addEventListener(type, (event) => isOurs(event) && event.stopImmediatePropagation(), true);
  }
  for (const type of KEYS) {
    const keep = (event: Event) => {
      if (!isOurs(event)) return;
      event.stopImmediatePropagation();
      const { key, code, keyCode, repeat, isComposing, shiftKey, ctrlKey, altKey, metaKey } = event as KeyboardEvent;
      const init = { key, code, keyCode, repeat, isComposing, shiftKey, ctrlKey, altKey, metaKey, bubbles: true, cancelable: true };
      if (!(event.composedPath()[0] ?? host).dispatchEvent(new KeyboardEvent(type, init))) event.preventDefault();
    };
    addEventListener(type, keep, true);
  }
  for (const type of KEPT) host.addEventListener(type, (event) => event.stopPropagation());
}

function isLive(site: string): boolean {
  try {
    return sessionStorage.getItem(`sotto-live:${site}`) !== null;
  } catch {
    return false;
  }
}

function mount(script: HTMLScriptElement): void {
  if (document.querySelector("sotto-chat")) return;
  const embed = embedOf(script);
  const words = WORDS[embed.locale];
  const urlOf = scriptUrls(embed.base);

  const host = document.createElement("sotto-chat");
  host.lang = embed.locale;
  host.dir = "ltr";
  // In the top layer nothing of the page covers it or moves it.
  host.popover = "manual";
  const root = host.attachShadow({ mode: "open" });
  // A constructed sheet, unlike a <style> element, needs no 'unsafe-inline' in the page's policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  // Until the window is opened nothing is asked of the server, so the page says how the button looks.
  const { accent, onAccent } = script.dataset;
  if (isColour(accent) && isColour(onAccent)) root.adoptedStyleSheets.push(colourSheet(accent, onAccent));

  const failure = document.createElement("p");
  failure.className = "failure";
  failure.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "launcher";
  button.setAttribute("aria-haspopup", "dialog");
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.ariaHidden = "true";
  const unread = document.createElement("p");
  unread.className = "unread";
  unread.id = "unread";
  unread.setAttribute("role", "status");
  button.setAttribute("aria-describedby", unread.id);
  const label = document.createElement("span");
  label.textContent = embed.launcher ?? words.open;
  button.append(icon(), label, badge);
  root.append(failure, button, unread);

  let opened: ChatWindow | null = null;
  let fetching: Promise<ChatWindow> | null = null;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    failure.textContent = "";
    button.setAttribute("aria-busy", "true");
    try {
      opened = await fetchOnce();
      button.hidden = true;
      opened.show();
    } catch {
      failure.textContent = words.failed;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  function fetchOnce(): Promise<ChatWindow> {
    return (fetching ??= fetchChat()).catch((error: unknown) => {
      fetching = null;
      throw error;
    });
  }

  function showUnread(count: number): void {
    badge.textContent = count > 0 ? String(Math.min(count, 99)) : "";
    const said = count > 0 ? words.unread(count) : "";
    if (unread.textContent !== said) unread.textContent = said;
  }

  async function fetchChat(): Promise<ChatWindow> {
    const part = <Part>({ path, integrity }: Asset) => load<Part>(urlOf(path), integrity);
    const [chat, seal] = await Promise.all([part<Chat>(ASSETS[embed.locale]), part<Seal>(ASSETS.seal)]);
    let work: Promise<Work> | null = null;
    const fetchWork = () => (work ??= part<Work>(ASSETS.work)).catch((error: unknown) => {
      work = null;
      throw error;
    });
    const parts = { work: fetchWork, voice: () => part<Voice>(ASSETS.voice) };
    const hidden = () => {
      button.hidden = false;
      button.focus();
    };
    const named = (text: string) => {
      label.textContent = text;
    };
    return chat.create(embed, root, seal, parts, { hidden, unread: showUnread, named });
  }

  /** Beside the body, which pages replace; but everything outside of an open modal dialog is inert. */
  function place(): void {
    const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
    const parent = modal ?? document.documentElement;
    if (!parent || host.parentNode === parent) return;
    const focused = document.activeElement === host;
    parent.append(host);
    host.showPopover?.();
    if (button.hidden) opened?.moved(focused);
  }

  keepEvents(host);
  place();
  // The visitor opened the chat on the page before, and a person is asked for: the answer must not be missed.
  if (isLive(embed.site)) fetchOnce().catch(() => undefined);
  const watch = new MutationObserver((records) => {
    if (!host.isConnected || records.some(({ type }) => type === "attributes")) place();
  });
  watch.observe(document, { attributeFilter: ["open"], childList: true, subtree: true });
}

/** The element that this script came in; a module is not told, and finds the one that names it. */
const script =
  document.currentScript ?? [...document.scripts].find(({ type, src }) => type === "module" && /\/widget\.js([?#]|$)/.test(src));
if (script instanceof HTMLScriptElement && script.src) {
  if (document.body) mount(script);
  else document.addEventListener("DOMContentLoaded", () => mount(script));
} else {
  console.error("Sotto: no <script src=\".../widget.js\"> was found on this page. Load the widget by such an element, not by import.");
}
