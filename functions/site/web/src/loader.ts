/**
 * widget.js: a button, and what it takes to fetch the rest when it is pressed.
 * Until then nothing is stored in the browser and nothing else is requested.
 */
import type { Chat, ChatWindow, Embed, Locale, Seal } from "./contract.ts";
import css from "./loader.css";

const WORDS = {
  en: { open: "Chat with us", failed: "The chat could not be loaded. Please reload the page and try again." },
  de: { open: "Chat öffnen", failed: "Der Chat konnte nicht geladen werden. Bitte laden Sie die Seite neu und versuchen Sie es noch einmal." },
};

function embedOf(script: HTMLScriptElement): Embed {
  const { site, root, locale, privacy } = script.dataset;
  return {
    base: new URL(script.src).origin,
    site: site ?? "default",
    pins: (root ?? "").split(/\s+/).filter(Boolean),
    locale: localeOf(locale || document.documentElement.lang || navigator.language),
    privacy: privacy ?? null,
    identity: () => script.dataset.identity || null,
  };
}

function localeOf(tag: string): Locale {
  return /^de\b/i.test(tag) ? "de" : "en";
}

/**
 * Pages that enforce Trusted Types let a script set another script's address
 * only through a policy; this one passes the two files it knows. A page that
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

function mount(embed: Embed): void {
  if (document.querySelector("sotto-chat")) return;
  const words = WORDS[embed.locale];
  const urlOf = scriptUrls(embed.base);

  const host = document.createElement("sotto-chat");
  host.lang = embed.locale;
  const root = host.attachShadow({ mode: "open" });
  // A constructed sheet, unlike a <style> element, needs no 'unsafe-inline' in the page's policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const failure = document.createElement("p");
  failure.className = "failure";
  failure.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "launcher";
  button.setAttribute("aria-haspopup", "dialog");
  button.append(icon(), words.open);
  root.append(failure, button);

  let opened: ChatWindow | null = null;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    failure.textContent = "";
    button.setAttribute("aria-busy", "true");
    try {
      opened ??= await fetchChat();
      button.hidden = true;
      opened.show();
    } catch {
      failure.textContent = words.failed;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  async function fetchChat(): Promise<ChatWindow> {
    const [chat, seal] = await Promise.all([
      load<Chat>(urlOf(ASSETS.chat.path), ASSETS.chat.integrity),
      load<Seal>(urlOf(ASSETS.seal.path), ASSETS.seal.integrity),
    ]);
    return chat.create(embed, root, seal, () => {
      button.hidden = false;
      button.focus();
    });
  }

  document.body.append(host);
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  const embed = embedOf(script);
  if (document.body) mount(embed);
  else document.addEventListener("DOMContentLoaded", () => mount(embed));
}
