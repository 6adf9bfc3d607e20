import { useSignal } from "@preact/signals";
import { wordsOf } from "../kit.ts";
import { mayNotify, ring } from "./alerts.ts";
import { type Settings, set, settings } from "./settings.ts";
import { INBOX } from "./words.ts";

/** How the desk tells of what is new, in this browser. */
export function Options() {
  const words = wordsOf(INBOX);
  const isBlocked = useSignal(false);
  const put = async (name: keyof Settings, isOn: boolean) => {
    if (name === "notices" && isOn) {
      isBlocked.value = !(await mayNotify());
      // An option that the browser does not allow is not shown as switched on.
      return set({ notices: !isBlocked.value });
    }
    set({ [name]: isOn });
    if (name === "sound" && isOn) ring("waiting");
  };
  const box = (name: keyof Settings, label: string, hint: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={settings.value[name]}
        onChange={(event) => {
          const { currentTarget } = event;
          void put(name, currentTarget.checked).then(() => (currentTarget.checked = settings.peek()[name]));
        }}
      />
      <span>{label}<span class="hint">{hint}</span></span>
    </label>
  );
  return (
    <details class="inbox-options">
      <summary>{words.options}</summary>
      <div class="popover">
        {box("sound", words.sound, words.soundText)}
        {box("notices", words.notices, words.noticesText)}
        <p role="status" class="error">{isBlocked.value ? words.noticesBlocked : ""}</p>
        {box("keys", words.keys, words.keysText)}
      </div>
    </details>
  );
}
