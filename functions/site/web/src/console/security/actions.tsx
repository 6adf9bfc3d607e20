import { api, ask, confirmed, date, named, problemOf, SmallButton, wordsOf } from "../kit.ts";
import type { Action, Incident, Opened } from "./contract.ts";
import { GoalPart } from "./goal.tsx";
import { INCIDENT } from "./incident_words.ts";
import { aboutOf } from "./marks.tsx";

/** The only site of this release. */
const SITE = "default";
/** Ends sessions at once, so it is neither in force nor lifted. */
const AT_ONCE = "revoke_sessions";

/** The actions that somebody may lift. */
export function inForce({ actions }: Incident): Action[] {
  return actions.filter(({ action, lifted_at }) => !lifted_at && action !== AT_ONCE);
}

/** The actions that were taken, by whom, and how to undo them. */
export function Done({ opened }: { opened: Opened }) {
  const words = wordsOf(INCIDENT);
  const { incident, goal } = opened;
  return (
    <GoalPart title={words.done} isHere={goal === "done"}>
      {incident.actions.length > 0
        ? <ul class="rows">{incident.actions.map((action) => <ActionRow key={action.id} action={action} opened={opened} />)}</ul>
        : <p class="hint">{words.nothingDone}</p>}
    </GoalPart>
  );
}

function ActionRow({ action, opened }: { action: Action; opened: Opened }) {
  const words = wordsOf(INCIDENT);
  const { at, by, lifted_at } = action;
  const isInForce = inForce(opened.incident).includes(action);
  const said = [date(at), by ? words.by(opened.who(by)) : words.byItself];
  if (lifted_at) said.push(words.lifted(date(lifted_at)));
  const what = named(words.was, action.action);
  return (
    <li>
      <div>
        <strong>{what}</strong> {isInForce && <span class="mark">{words.inForce}</span>}
        <p class="hint">{said.join(" · ")}</p>
      </div>
      {isInForce && <div class="buttons"><SmallButton label={words.lift} of={what} onClick={() => lift(opened, action, what)} /></div>}
    </li>
  );
}

function lift({ incident: { id }, again }: Opened, action: Action, what: string): void {
  const words = wordsOf(INCIDENT);
  ask({
    title: words.liftTitle,
    before: <p><strong>{what}.</strong> {words.liftText}</p>,
    submit: words.lift,
    meaning: { conflict: words.inForceAlready },
    onSubmit: async () => {
      await api.call("POST /v1/incidents/{id}/actions", { path: { id }, body: { action: "lift", target: action.id } });
      await again(words.wasLifted, "done");
    },
  });
}

/** The actions that the playbook offers, each with what it is taken against. */
export function Offered({ opened }: { opened: Opened }) {
  const words = wordsOf(INCIDENT);
  const { incident } = opened;
  const offered = incident.playbook.actions
    .map((action) => ({ action, target: targetOf(action, incident) }))
    .filter(({ action, target }) => target !== null && !inForce(incident).some((taken) => taken.action === action && taken.target === target));
  const asks = incident.timeline.some(({ what }) => what === "asks_for_lock_account") && offered.some(({ action }) => action === "lock_account");
  if (incident.status === "resolved" || offered.length === 0) return null;
  return (
    <GoalPart title={words.offered} isHere={false}>
      {asks && <p class="notice">{words.asksForLock}</p>}
      <ul class="rows">
        {offered.map(({ action, target }) => (
          <li key={action}>
            <div>{named(words.actionText, action)}</div>
            <div class="buttons">
              <button type="button" class="secondary small" onClick={() => take(opened, action, target ?? "")}>{named(words.action, action)}</button>
            </div>
          </li>
        ))}
      </ul>
    </GoalPart>
  );
}

/** Against what an action is taken; null for an incident that is about nothing of the kind. */
function targetOf(action: string, incident: Incident): string | null {
  const whom = aboutOf(incident);
  if (action === "lock_account" || action === "revoke_sessions") return whom === "account" ? incident.about : null;
  if (action === "slow_network") return whom === "network" ? incident.about : null;
  return SITE;
}

function take({ incident: { id }, again }: Opened, action: string, target: string): void {
  const words = wordsOf(INCIDENT);
  const send = (confirm: boolean) => api.call("POST /v1/incidents/{id}/actions", { path: { id }, body: { action, target, confirm } });
  ask({
    title: named(words.action, action),
    text: named(words.actionText, action),
    submit: named(words.action, action),
    meaning: { conflict: words.inForceAlready },
    onSubmit: async () => {
      try {
        await send(false);
      } catch (error) {
        if (problemOf(error).code !== "last_admin") throw error;
        await confirmed({ title: words.lastAdmin, text: words.lastAdminText, submit: words.lastAdminSend });
        await send(true);
      }
      await again(words.wasTaken, "done");
    },
  });
}
