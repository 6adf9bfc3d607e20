import { useMemo } from "preact/hooks";
import { api, Form, go, Heading, knownPassword, me, NewPassword, newPassword, type Open, pageWords, PasswordInput, wordsOf } from "../kit.ts";
import { ACCOUNT } from "./words.ts";

export const open: Open = () => <ChangePassword />;

/** One's own password, for another one: the server asks for the one that there is, and for a second factor. */
function ChangePassword() {
  const words = wordsOf(ACCOUNT);
  const [current, chosen] = useMemo(() => [knownPassword(words.currentPassword), newPassword("new_password")] as const, []);
  const change = async () => {
    await api.call("POST /v1/auth/password", { body: { password: current.value, new_password: chosen.value } });
    await go("/account", { said: words.passwordChanged, inPlace: true });
  };
  return (
    <section class="card">
      <Heading>{words.changePassword}</Heading>
      <p>{words.changePasswordText}</p>
      <Form
        submit={words.changePassword}
        fields={[current, chosen]}
        // For password managers: whose password it is that changes.
        before={<input type="email" autocomplete="username" value={me()?.email ?? ""} readOnly hidden />}
        inputs={<><PasswordInput field={current} /><NewPassword field={chosen} /></>}
        beside={<button type="button" class="secondary" onClick={() => void go("/account")}>{pageWords().back}</button>}
        meaning={{ credentials_invalid: words.currentWrong }}
        onSubmit={change}
      />
    </section>
  );
}
