// Somebody of the staff without a browser: signs in and answers by the API alone.
import assert from "node:assert/strict";
import { totp } from "../../desk.mjs";

export class Agent {
  #token = "";

  constructor(base, name) {
    this.base = base;
    this.name = name;
  }

  /** Accepts an invitation, with an authenticator app as the second factor. */
  static async accept(base, invitation, name) {
    const agent = new Agent(base, name);
    const person = { invitation_token: invitation, name: `${name} Example`, password: "violet harbour seven lanterns 42" };
    agent.#token = (await agent.call("POST", "/v1/auth/invitations/accept", person)).enrolment_token;
    const { secret } = await agent.call("POST", "/v1/auth/totp/enrol", {});
    agent.#token = (await agent.call("POST", "/v1/auth/totp/confirm", { code: totp(secret, Date.now()) })).access_token;
    return agent;
  }

  /** Lets a colleague in, who answers visitors. */
  async invite(name) {
    const invitation = { email: `${name.toLowerCase()}@example.com`, roles: ["agent"] };
    const { invitation_token } = await this.call("POST", "/v1/auth/invitations", invitation);
    return Agent.accept(this.base, invitation_token, name);
  }

  async call(method, path, body, headers = {}) {
    const sent = { "Content-Type": "application/json", ...(this.#token && { Authorization: `Bearer ${this.#token}` }), ...headers };
    const response = await fetch(this.base + path, { method, headers: sent, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  presence(state) {
    return this.call("PUT", "/v1/presence", { state });
  }

  /** Takes the conversation that has waited longest. */
  async claim() {
    const { items } = await this.call("GET", "/v1/inbox");
    this.at = `/v1/inbox/${items[0].conversation_id}`;
    await this.call("POST", `${this.at}/claim`, {});
    return this.at;
  }

  say(text) {
    return this.call("POST", `${this.at}/messages`, { text }, { "Idempotency-Key": crypto.randomUUID() });
  }

  typing() {
    return this.call("POST", `${this.at}/typing`, {});
  }

  /** Has read all that was said. */
  async see() {
    const { items } = await this.call("GET", `${this.at}/messages?after=`);
    await this.call("POST", `${this.at}/seen`, { message_id: items.filter(({ author }) => author === "visitor").at(-1).id });
  }

  release(to) {
    return this.call("POST", `${this.at}/release`, { to });
  }

  /** Hands the conversation to the colleague who is there too. */
  async transfer(colleague) {
    const { colleagues } = await this.call("GET", "/v1/inbox");
    const { id } = colleagues.find(({ name }) => name.startsWith(colleague.name));
    await this.call("POST", `${this.at}/transfer`, { agent_id: id, note: "Please go on." });
    colleague.at = this.at;
  }

  close() {
    return this.call("POST", `${this.at}/close`, { reason: "solved", tags: [] });
  }
}
