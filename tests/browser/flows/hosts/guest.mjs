// A visitor on somebody else's page, with a mouse or with a keyboard alone.
import assert from "node:assert/strict";
import { QUESTION, Visit } from "../../visit.mjs";

export class Guest extends Visit {
  static async open(browser, place, options) {
    const guest = await Guest.begin(browser, place.shop, place.output, options);
    return Object.assign(guest, { place });
  }

  /** Another tab of the same browser. */
  async elsewhere() {
    const guest = new Guest(this.base, this.output, this.context, await this.context.newPage());
    return Object.assign(guest, { place: this.place });
  }

  /** Opens, asks, reads and closes with the mouse; answers what was read. */
  async byMouse() {
    await this.within(this.launcher());
    await this.open();
    await this.consent();
    await this.say(QUESTION);
    await this.answered();
    await this.fits();
    const read = await this.log().locator(".message.bot .text").last().innerText();
    await this.button(/Close the chat window|Chatfenster schließen/).click();
    await this.dialog().waitFor({ state: "hidden" });
    await this.within(this.launcher());
    return read;
  }

  /** The same with keys alone. */
  async byKeyboard() {
    const { keyboard } = this.page;
    await this.tabTo(/Chat with us|Chat öffnen/);
    await keyboard.press("Enter");
    await this.notice();
    await this.tabTo(/start chat|Chat starten/);
    await keyboard.press("Enter");
    await this.log().waitFor();
    assert.equal(await this.focused(), "TEXTAREA");
    await keyboard.type(QUESTION);
    assert.equal(await this.dialog().getByRole("textbox").inputValue(), QUESTION, "no letter is lost");
    await keyboard.press("Enter");
    await this.answered();
    const read = await this.log().locator(".message.bot .text").last().innerText();
    await keyboard.press("Escape");
    await this.dialog().waitFor({ state: "hidden" });
    assert.match(await this.focused(), /Chat with us|Chat öffnen/);
    return read;
  }

  /** The widget's own dialog: the page may have some too. */
  dialog() {
    return this.page.locator("sotto-chat dialog");
  }

  focused() {
    return this.page.evaluate(() => {
      const element = document.activeElement?.shadowRoot?.activeElement;
      return element ? (element.getAttribute("aria-label") ?? element.textContent) || element.tagName : "";
    });
  }

  async tabTo(name) {
    for (let i = 0; i < 40; i++) {
      if (name.test(await this.focused())) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`no way to ${name} by Tab`);
  }

  /** In the viewport, of a readable size, and with nothing in front of it. */
  async within(locator) {
    const seen = await locator.evaluate((element) => {
      const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
      const { fontSize, direction, opacity } = getComputedStyle(element);
      const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
      const front = document.elementFromPoint(left + width / 2, top + height / 2)?.localName;
      return { inside, front, fontSize, direction, opacity, tall: height >= 24, wide: width >= 24 };
    });
    assert.deepEqual(seen, { inside: true, front: "sotto-chat", fontSize: "16px", direction: "ltr", opacity: "1", tall: true, wide: true });
  }

  /** The window lies in the viewport, and whatever does not fit can be scrolled to. */
  async fits() {
    const outside = await this.dialog().evaluate((dialog) => {
      const { left, top, right, bottom } = dialog.getBoundingClientRect();
      return left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1;
    });
    assert.equal(outside, false);
    for (const name of [/^(Send|Senden)$/, /End chat|Chat beenden/]) {
      await this.button(name).scrollIntoViewIfNeeded();
      const box = await this.button(name).boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= this.page.viewportSize().height + 1, `${name} can be reached`);
    }
  }
}
