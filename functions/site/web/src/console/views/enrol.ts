import { button, h } from "../../elements.ts";
import { type App, headingOf } from "../app.ts";
import { isTokens } from "../api.ts";
import type { Enrolment, Tokens } from "../contract.ts";
import { codeField, digits, Field, formOf } from "../form.ts";
import * as passkeys from "../passkeys.ts";
import { Problem, problemOf } from "../problem.ts";
import { copyButton } from "./copy.ts";
import { codesView } from "./codes.ts";

/** Setting up a second factor: the first one, or one more. */
export interface Enrolling {
  methods: string[];
  post<Body>(path: string, body: unknown): Promise<Body>;
  /** It is set up. */
  done(answer: unknown): Promise<void>;
  back(): Promise<void>;
}

interface TotpSecret {
  secret: string;
  qr_svg: string;
}

/** The first second factor, by the token of that one step. It opens the session. */
export function enrolmentOf(app: App, { enrolment_token, methods }: Enrolment): Enrolling {
  const enrolling: Enrolling = {
    methods,
    post: async (path, body) => {
      try {
        return await app.api.open(path, body, enrolment_token);
      } catch (error) {
        if (!problemOf(error).isAboutToken) throw error;
        await app.toSignIn(app.words.enrolOver);
        throw new Problem("cancelled");
      }
    },
    done: async (answer) => {
      if (!isTokens(answer)) throw new Problem("failed");
      await app.show(() => codesView(app, (answer as Tokens).recovery_codes ?? [], () => app.enter()));
    },
    back: () => app.show(() => enrolView(app, enrolling)),
  };
  return enrolling;
}

/** One more second factor, for somebody who is signed in. */
export function addingOf(app: App): Enrolling {
  return {
    methods: ["totp", "passkey"],
    post: (path, body) => app.api.call("POST", path, body),
    done: () => app.toAccount(app.words.factorAdded),
    back: () => app.toAccount(),
  };
}

export function enrolView(app: App, enrolling: Enrolling): HTMLElement {
  const { words } = app;
  const section = h("section", { class: "card" }, headingOf(words.enrolTitle), h("p", {}, words.enrolText));
  const choice = (title: string, text: string, action: HTMLElement) =>
    h("div", { class: "choice" }, h("h2", {}, title), h("p", {}, text), action);
  if (enrolling.methods.includes("passkey")) {
    const action = passkeys.arePossible()
      ? button(words.setUpPasskey, "primary", () => void app.show(() => passkeyView(app, enrolling)))
      : h("p", { class: "hint" }, words.passkeysMissing);
    section.append(choice(words.passkey, words.passkeyText, action));
  }
  if (enrolling.methods.includes("totp")) {
    const action = button(words.setUpTotp, "primary", () => void app.show(() => totpView(app, enrolling)));
    section.append(choice(words.totp, words.totpText, action));
  }
  return section;
}

export async function totpView(app: App, enrolling: Enrolling): Promise<HTMLElement> {
  const { words } = app;
  const { secret, qr_svg } = await enrolling.post<TotpSecret>("/v1/auth/totp/enrol", {});
  // As a picture it is data: no markup of it gets into the page, and no script of it runs.
  const qr = h("img", {
    class: "qr",
    src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(qr_svg)}`,
    alt: words.qr,
    width: "200",
    height: "200",
  });
  const grouped = secret.match(/.{1,4}/g)?.join(" ") ?? secret;
  const code = codeField(words);
  const form = formOf({
    words,
    submit: words.confirm,
    fields: [code],
    beside: [button(words.back, "secondary", () => void enrolling.back())],
    onSubmit: async () => enrolling.done(await enrolling.post("/v1/auth/totp/confirm", { code: digits(code) })),
  });
  return h(
    "section",
    { class: "card" },
    headingOf(words.setUpTotp),
    h("p", {}, words.totpStep1),
    qr,
    h("p", { class: "secret" }, h("span", { class: "label" }, words.secret), h("code", {}, grouped)),
    h("div", { class: "buttons" }, copyButton(app, words.copy, () => secret)),
    h("p", {}, words.totpStep2),
    form,
  );
}

export function passkeyView(app: App, enrolling: Enrolling): HTMLElement {
  const { words } = app;
  const name = new Field(words, {
    name: "name",
    label: words.passkeyName,
    hint: words.passkeyNameHint,
    attributes: { autocomplete: "off", maxlength: "60" },
  });
  const form = formOf({
    words,
    submit: words.makePasskey,
    fields: [name],
    beside: [button(words.back, "secondary", () => void enrolling.back())],
    onSubmit: async () => {
      const chosen = { name: name.value.trim() || null };
      const { publicKey } = await enrolling.post<{ publicKey: PublicKeyCredentialCreationOptionsJSON }>(
        "/v1/auth/passkeys/register/start",
        chosen,
      );
      const credential = await passkeys.make(publicKey);
      await enrolling.done(await enrolling.post("/v1/auth/passkeys/register/finish", { credential, ...chosen }));
    },
  });
  return h("section", { class: "card" }, headingOf(words.setUpPasskey), h("p", {}, words.passkeyStep), form);
}
