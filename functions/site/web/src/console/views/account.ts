import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import type { Factor, Session } from "../contract.ts";
import { Field, newId } from "../form.ts";
import * as passkeys from "../passkeys.ts";
import { WORDS } from "../words.ts";
import { codesView } from "./codes.ts";
import { ask } from "./dialog.ts";
import { addingOf, passkeyView, totpView } from "./enrol.ts";
import { changePasswordView } from "./password.ts";

interface Factors {
  items: Factor[];
  recovery_codes_left: number;
}

export async function accountView(app: App): Promise<HTMLElement> {
  const { words } = app;
  const [factors, sessions, me] = await Promise.all([
    app.api.call<Factors>("GET", "/v1/auth/factors"),
    app.api.list<Session>("/v1/auth/sessions"),
    app.api.call<App["me"]>("GET", "/v1/auth/me"),
  ]);
  app.me = me;
  const heading = headingOf(words.account);
  return h(
    "div",
    { class: "page", "data-place": "account" },
    heading,
    ...resetNotice(app, heading),
    profile(app),
    factorsOf(app, factors),
    sessionsOf(app, sessions),
  );
}

/** Says to whoever has just come in, with the heading, that an admin took something of theirs away. */
function resetNotice(app: App, heading: HTMLElement): HTMLElement[] {
  const { words } = app;
  const { what, at } = app.me?.reset ?? { what: "", at: "" };
  const text = words.wasReset[what]?.(app.date(at));
  if (!text) return [];
  const id = newId();
  heading.setAttribute("aria-describedby", id);
  return [h("p", { id, class: "notice" }, h("strong", {}, text), ` ${words.notAsked}`)];
}

/** A part of a page under a heading of its own. */
export function part(title: string, ...children: Node[]): HTMLElement {
  const id = newId();
  return h("section", { class: "part", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

export type Row = [term: string, about: Node | string];

/** Terms with what is to be said of them. */
export function listOf(rows: Row[]): HTMLElement {
  return h("dl", {}, ...rows.map(([term, about]) => h("div", {}, h("dt", {}, term), h("dd", {}, about))));
}

function profile(app: App): HTMLElement {
  const { words, me } = app;
  const roles = (me?.roles ?? []).map((role) => words.role[role] ?? role).join(", ");
  const rows: Row[] = [
    [words.name, me?.name ?? ""],
    [words.email, me?.email ?? ""],
    [words.roles, roles],
  ];
  const change = button(words.changePassword, "secondary", () => void app.show(() => changePasswordView(app)));
  const everywhere = button(words.signOutEverywhere, "secondary", () => void app.attempt(() => app.signOut(true)));
  const out = button(words.signOut, "secondary", () => void app.attempt(() => app.signOut(false)));
  return part(
    words.profile,
    listOf(rows),
    h("div", { class: "buttons" }, change, out, everywhere),
  );
}

function factorsOf(app: App, { items, recovery_codes_left }: Factors): HTMLElement {
  const { words } = app;
  const add = [button(words.addTotp, "secondary", () => void app.show(() => totpView(app, addingOf(app))))];
  // There is one authenticator app; another takes its place by way of removing it.
  if (items.some(({ kind }) => kind === "totp")) add.pop();
  if (passkeys.arePossible()) {
    add.push(button(words.addPasskey, "secondary", () => void app.show(() => passkeyView(app, addingOf(app)))));
  }
  const newCodes = () =>
    ask(app, {
      title: words.newCodes,
      text: words.newCodesText,
      submit: words.newCodes,
      onSubmit: async () => {
        const { recovery_codes } = await app.api.call<{ recovery_codes: string[] }>("POST", "/v1/auth/recovery_codes", {});
        await app.show(() => codesView(app, recovery_codes, () => app.toAccount()));
      },
    });
  return part(
    words.factors,
    h("ul", { class: "rows" }, ...items.map((factor) => factorRow(app, factor))),
    h("div", { class: "buttons" }, ...add),
    h("p", { class: "beside" }, words.codesLeft(recovery_codes_left)),
    h("div", { class: "buttons" }, button(words.newCodes, "secondary", newCodes)),
  );
}

function factorRow(app: App, factor: Factor): HTMLElement {
  const { words } = app;
  const name = nameOf(app, factor);
  const path = `/v1/auth/factors/${encodeURIComponent(factor.id)}`;
  const rename = () => {
    const field = new Field(words, { name: "name", label: words.newName, attributes: { required: true, maxlength: "60", value: name, autocomplete: "off" } });
    ask(app, {
      title: words.renameOf(name),
      fields: [field],
      submit: words.save,
      onSubmit: async () => {
        await app.api.call("PATCH", path, { name: field.value.trim() });
        await app.toAccount(words.factorRenamed);
      },
    });
  };
  const remove = () =>
    ask(app, {
      title: words.removeOf(name),
      text: words.removeText,
      submit: words.remove,
      meaning: { conflict: words.lastFactor },
      onSubmit: async () => {
        await app.api.call("DELETE", path);
        await app.toAccount(words.factorRemoved);
      },
    });
  const kind = factor.kind === "totp" ? words.totp : words.passkey;
  const { created_at, last_used_at } = factor;
  const used = last_used_at ? words.lastUsed(app.date(last_used_at)) : words.notUsed;
  const about = [words.added(app.date(created_at)), used];
  if (kind !== name) about.unshift(kind);
  // There is one app at most, and nothing to tell it from.
  const buttons = factor.kind === "passkey" ? [named(words.rename, name, rename)] : [];
  buttons.push(named(words.remove, name, remove));
  return h(
    "li",
    {},
    h("div", {}, h("strong", {}, name), h("p", { class: "hint" }, about.join(" · "))),
    h("div", { class: "buttons" }, ...buttons),
  );
}

function nameOf({ words }: App, { kind, name }: Factor): string {
  const [own, servers] = kind === "totp" ? [words.totp, WORDS.en.totp] : [words.passkey, WORDS.en.passkey];
  // What nobody named has the server's name for it, which is English.
  return name && name !== servers ? name : own;
}

/** A short button that says for whom it is to those who listen: in a list many look the same. */
export function named(label: string, of: string, onClick: () => void): HTMLButtonElement {
  const element = button(label, "secondary small", onClick);
  element.setAttribute("aria-label", `${label}: ${of}`);
  return element;
}

function sessionsOf(app: App, sessions: Session[]): HTMLElement {
  const { words } = app;
  const end = (path: string, said: string) => () =>
    void app.attempt(async () => {
      await app.api.call("DELETE", path);
      await app.toAccount(said);
    });
  const own = sessions.filter(({ current }) => current);
  const rows = [...own, ...sessions.filter(({ current }) => !current)].map((session) => {
    const started = app.date(session.created_at);
    const methods = [...new Set(session.amr.map((method) => words.method[method]).filter((word) => word !== undefined))];
    const about = [words.lastUsed(app.date(session.last_used_at))];
    if (methods.length > 0) about.push(words.by(methods.join(", ")));
    const title = session.current ? words.thisSession : words.started(started);
    if (session.current) about.unshift(words.started(started));
    const row = h("li", {}, h("div", {}, h("strong", {}, title), h("p", { class: "hint" }, about.join(" · "))));
    if (!session.current) {
      const path = `/v1/auth/sessions/${encodeURIComponent(session.id)}`;
      row.append(h("div", { class: "buttons" }, named(words.endSession, started, end(path, words.sessionEnded))));
    }
    return row;
  });
  const others = sessions.length > 1
    ? h("div", { class: "buttons" }, button(words.endOthers, "secondary", end("/v1/auth/sessions", words.othersEnded)))
    : h("p", { class: "hint" }, words.noOthers);
  return part(words.sessions, h("ul", { class: "rows" }, ...rows), others);
}
