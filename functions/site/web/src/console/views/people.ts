import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import { Choice, type Option } from "../choice.ts";
import { type Invitation, type Person, type Role, ROLES } from "../contract.ts";
import { Field, newId } from "../form.ts";
import { Problem } from "../problem.ts";
import { named } from "./account.ts";
import { copyButton } from "./copy.ts";
import { ask, tell } from "./dialog.ts";
import { linkOf, type Purpose } from "./invitation.ts";

/** For admins: who may sign in, and what they may do. */
export async function peopleView(app: App): Promise<HTMLElement> {
  const { words } = app;
  const people = await app.api.list<Person>("/v1/auth/staff");
  return h(
    "div",
    { class: "page", "data-place": "people" },
    headingOf(words.people),
    h("p", {}, words.peopleText),
    h("div", { class: "buttons" }, button(words.invite, "primary", () => invite(app))),
    h("section", { class: "part", "aria-label": words.people }, h("ul", { class: "rows" }, ...people.map((person) => row(app, person)))),
  );
}

function row(app: App, person: Person): HTMLElement {
  const { words } = app;
  const name = person.name || person.email;
  const isMe = person.id === app.me?.id;
  const isDisabled = person.status === "disabled";
  const marks = [isDisabled ? words.disabled : person.mfa.length === 0 ? words.notSetUp : words.active];
  if (person.locked_until) marks.push(words.lockedUntil(app.date(person.locked_until)));
  const change = (body: object) => async () => {
    await app.api.call("PATCH", pathOf(person), body);
    await app.toPeople(words.changed(name));
  };
  const buttons = [
    named(words.changeRoles, name, () => changeRoles(app, person, name)),
    named(words.reset, name, () => reset(app, person, name)),
  ];
  if (person.locked_until) {
    buttons.push(named(words.unlock, name, () => void app.attempt(change({ unlock: true }))));
  }
  if (isDisabled) {
    buttons.push(named(words.enable, name, () => void app.attempt(change({ disabled: false }))));
  } else if (!isMe) {
    const question = { title: words.disableOf(name), text: words.disableText, submit: words.disable, onSubmit: change({ disabled: true }) };
    buttons.push(named(words.disable, name, () => ask(app, question)));
  }
  if (!isMe) buttons.push(named(words.delete, name, () => remove(app, person, name)));
  const title = h("strong", {}, isMe ? `${name} (${words.you})` : name);
  const roles = h("p", { class: "roles" }, ...person.roles.map((role) => h("span", {}, words.role[role] ?? role)));
  const about = person.name ? [person.email, ...marks] : marks;
  return h(
    "li",
    {},
    h("div", {}, title, h("p", { class: "hint" }, about.join(" · ")), roles),
    h("div", { class: "buttons" }, ...buttons),
  );
}

function pathOf(person: Person): string {
  return `/v1/auth/staff/${encodeURIComponent(person.id)}`;
}

function invite(app: App): void {
  const { words } = app;
  const email = new Field(words, {
    name: "email",
    label: words.email,
    attributes: { type: "email", autocomplete: "off", required: true, maxlength: "254", spellcheck: "false" },
    check: (value) => (/^\S+@\S+$/.test(value.trim()) ? null : words.emailFormat),
  });
  const roles = new RoleChoice(app, ["agent"]);
  ask(app, {
    title: words.invite,
    fields: [email],
    extra: [roles.element],
    submit: words.inviteSend,
    onSubmit: async () => {
      const person = { email: email.value.trim(), roles: roles.chosen() };
      const invitation = await app.api.call<Invitation>("POST", "/v1/auth/invitations", person);
      await app.toPeople();
      handOver(app, person.email, invitation, "account");
    },
  });
}

function changeRoles(app: App, person: Person, name: string): void {
  const { words } = app;
  const roles = new RoleChoice(app, person.roles);
  ask(app, {
    title: words.changeRolesOf(name),
    extra: [roles.element],
    submit: words.save,
    // Nobody takes the admin's role from themselves.
    meaning: person.id === app.me?.id ? { conflict: words.anotherAdmin } : {},
    onSubmit: async () => {
      await app.api.call("PATCH", pathOf(person), { roles: roles.chosen() });
      await app.toPeople(words.changed(name));
    },
  });
}

function remove(app: App, person: Person, name: string): void {
  const { words } = app;
  ask(app, {
    title: words.deleteOf(name),
    text: words.deleteText,
    submit: words.delete,
    onSubmit: async () => {
      await app.api.call("DELETE", pathOf(person));
      await app.toPeople(words.deleted(name));
    },
  });
}

function reset(app: App, person: Person, name: string): void {
  const { words } = app;
  const options: Option<Purpose>[] = [{ value: "second_factor", label: words.resetFactor, hint: words.resetFactorHint }];
  // With a second factor alone: whoever has none has nothing left to prove who they are.
  if (person.mfa.length > 0) options.push({ value: "password", label: words.resetPassword, hint: words.resetPasswordHint });
  const choice = new Choice<Purpose>(words.resetWhat, options, "second_factor");
  ask(app, {
    title: words.resetOf(name),
    text: words.resetText,
    extra: [choice.element],
    submit: words.reset,
    onSubmit: async () => {
      const what = choice.value;
      const invitation = await app.api.call<Invitation>("PATCH", pathOf(person), { reset: what });
      await app.toPeople();
      handOver(app, person.email, invitation, what);
    },
  });
}

/** The link is shown to the admin, who gives it to the person: the server sends no mail. */
function handOver(app: App, email: string, invitation: Invitation, purpose: Purpose): void {
  const { words } = app;
  const url = linkOf(invitation, purpose);
  const link = new Field(words, { name: "link", label: words.link, attributes: { readonly: true, value: url } });
  link.input.addEventListener("focus", () => link.input.select());
  const until = h("p", { class: "hint" }, words.validUntil(app.date(invitation.expires_at)));
  tell(app, words.linkTitle, [h("p", {}, words.linkText(email)), link.element, until], [copyButton(app, words.copyLink, () => url)]);
}

/** The roles as a group of boxes; at least one. */
class RoleChoice {
  readonly element: HTMLElement;
  readonly #boxes: HTMLInputElement[];
  readonly #error: HTMLElement;

  constructor(
    private readonly app: App,
    held: Role[],
  ) {
    const { words } = app;
    const errorId = newId();
    this.#error = h("p", { id: errorId, class: "error", role: "alert" });
    this.#boxes = ROLES.map((role) =>
      h("input", { type: "checkbox", value: role, checked: held.includes(role), "aria-describedby": errorId }),
    );
    const labels = this.#boxes.map((box, i) => {
      const role = ROLES[i] as Role;
      return h("label", { class: "check" }, box, h("span", {}, words.role[role], h("span", { class: "hint" }, words.roleText[role])));
    });
    this.element = h("fieldset", {}, h("legend", {}, words.roles), ...labels, this.#error);
    this.element.addEventListener("change", () => (this.#error.textContent = ""));
  }

  /** The roles that are ticked. Without one the form goes nowhere, and the reason stands below the boxes. */
  chosen(): Role[] {
    const chosen = this.#boxes.filter(({ checked }) => checked).map(({ value }) => value as Role);
    if (chosen.length > 0) return chosen;
    this.#error.textContent = this.app.words.rolesRequired;
    this.#boxes[0]?.focus();
    throw new Problem("cancelled");
  }
}
