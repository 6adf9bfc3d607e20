import { type Answer, api, ask, Codes, date, Field, go, Link, PAGE, pageWords, Part, show, showPage, SmallButton, wordsOf } from "../kit.ts";
import * as passkeys from "../passkeys.ts";
import { ACCOUNT } from "./words.ts";

type AllFactors = Answer<"GET /v1/auth/factors">;
type Factor = AllFactors["items"][number];

export function Factors({ items, recovery_codes_left }: AllFactors) {
  const words = wordsOf(ACCOUNT);
  // There is one authenticator app; another takes its place by way of removing it.
  const hasTotp = items.some(({ kind }) => kind === "totp");
  return (
    <Part title={words.factors}>
      <ul class="rows">{items.map((factor) => <FactorRow key={factor.id} factor={factor} />)}</ul>
      <div class="buttons">
        {!hasTotp && <Link to="/account/authenticator" class="secondary">{words.addTotp}</Link>}
        {passkeys.arePossible() && <Link to="/account/passkey" class="secondary">{words.addPasskey}</Link>}
      </div>
      <p class="beside">{words.codesLeft(recovery_codes_left)}</p>
      <div class="buttons">
        <button type="button" class="secondary" onClick={renewCodes}>{words.newCodes}</button>
      </div>
    </Part>
  );
}

function renewCodes(): void {
  const { newCodes, newCodesText } = wordsOf(ACCOUNT);
  ask({
    title: newCodes,
    text: newCodesText,
    submit: newCodes,
    onSubmit: async () => {
      const { recovery_codes } = await api.call("POST /v1/auth/recovery_codes", { body: {} });
      await show(() => <Codes codes={recovery_codes} onKept={() => go("/account")} />);
    },
  });
}

function FactorRow({ factor }: { factor: Factor }) {
  const words = wordsOf(ACCOUNT);
  const { lastUsed, passkey, totp } = pageWords();
  const { id, kind, created_at, last_used_at } = factor;
  const name = nameOf(factor);
  const rename = () => {
    const field = new Field({
      name: "name",
      label: words.newName,
      value: name,
      attributes: { required: true, maxlength: "60", autocomplete: "off" },
    });
    ask({
      title: words.renameOf(name),
      fields: [field],
      submit: pageWords().save,
      onSubmit: async () => {
        await api.call("PATCH /v1/auth/factors/{id}", { path: { id }, body: { name: field.value.trim() } });
        await showPage(words.factorRenamed);
      },
    });
  };
  const remove = () =>
    ask({
      title: words.removeOf(name),
      text: words.removeText,
      submit: words.remove,
      meaning: { conflict: words.lastFactor },
      onSubmit: async () => {
        await api.call("DELETE /v1/auth/factors/{id}", { path: { id } });
        await showPage(words.factorRemoved);
      },
    });
  const kindName = kind === "totp" ? totp : passkey;
  const about = [words.added(date(created_at)), last_used_at ? lastUsed(date(last_used_at)) : words.notUsed];
  if (kindName !== name) about.unshift(kindName);
  return (
    <li>
      <div><strong>{name}</strong><p class="hint">{about.join(" · ")}</p></div>
      <div class="buttons">
        {/* There is one app at most, and nothing to tell it from. */}
        {kind === "passkey" && <SmallButton label={words.rename} of={name} onClick={rename} />}
        <SmallButton label={words.remove} of={name} onClick={remove} />
      </div>
    </li>
  );
}

function nameOf({ kind, name }: Factor): string {
  const { passkey, totp } = pageWords();
  const [own, servers] = kind === "totp" ? [totp, PAGE.en.totp] : [passkey, PAGE.en.passkey];
  // A passkey without a name has the server's name, which is English.
  return name && name !== servers ? name : own;
}
