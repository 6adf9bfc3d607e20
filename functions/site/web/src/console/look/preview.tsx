import { locale } from "../locale.ts";
import { wordsOf } from "../kit.ts";
import { type Look, USUAL } from "./look.ts";
import { LOOK } from "./words.ts";

/** The window as a visitor will see it, in the language of the page. */
export function Preview({ look }: { look: Look }) {
  const words = wordsOf(LOOK);
  const { accent, on_accent } = look.colours ?? USUAL;
  const language = locale.peek();
  const { [language]: greeting } = look.greeting;
  const filled = { background: accent, color: on_accent };
  return (
    <figure class="preview">
      <figcaption>{words.preview}</figcaption>
      <div class="preview-window">
        <p class="preview-head" style={filled}>{look.name || "Chat"}</p>
        {greeting && <p class="preview-bot" dir="auto">{greeting}</p>}
        <ul>{(look.suggested[language] ?? []).map((text) => <li key={text} dir="auto" style={{ borderColor: accent, color: accent }}>{text}</li>)}</ul>
        <p class="preview-visitor" style={filled}>{words.visitor}</p>
      </div>
      <p class="preview-button" style={filled}>{look.launcher[language] || words.launcherUsual[language]}</p>
    </figure>
  );
}
