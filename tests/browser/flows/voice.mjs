// Voice: on the device, or not at all.
import assert from "node:assert/strict";
import { test } from "../tests.mjs";
import { PHONE } from "../visit.mjs";

/** A browser that recognises speech by itself, as far as a test says. It keeps what it was asked. */
async function recognising(visit, { state = "available", installs = true, error = null } = {}) {
  await visit.page.addInitScript(
    ({ state, installs, error }) => {
      window.asked = [];
      window.SpeechRecognition = class extends EventTarget {
        static async available(options) {
          window.asked.push(["available", options]);
          return state;
        }
        static async install(options) {
          window.asked.push(["install", options]);
          return installs;
        }
        get processLocally() {
          return this.local;
        }
        set processLocally(value) {
          this.local = value;
        }
        start() {
          window.asked.push(["start", { lang: this.lang, processLocally: this.local }]);
          // As in a browser, the end follows what went wrong.
          if (error) setTimeout(() => this.dispatchEvent(Object.assign(new Event("error"), { error })));
          if (error) setTimeout(() => this.dispatchEvent(new Event("end")));
          window.said = (transcript, isFinal = true) =>
            this.dispatchEvent(Object.assign(new Event("result"), { resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] }));
          window.ended = () => this.stop();
        }
        stop() {
          window.asked.push(["stop"]);
          this.dispatchEvent(new Event("end"));
        }
        abort() {
          window.asked.push(["abort"]);
          this.dispatchEvent(new Event("end"));
        }
      };
    },
    { state, installs, error },
  );
}

/** A browser with these voices. What it is to say is kept. */
async function speaking(visit, voices) {
  await visit.page.addInitScript((voices) => {
    window.spoken = [];
    const synthesis = {
      getVoices: () => voices,
      speak: ({ text }) => window.spoken.push(text),
      cancel: () => window.spoken.push(null),
      addEventListener: () => {},
    };
    Object.defineProperty(window, "speechSynthesis", { value: synthesis });
    window.SpeechSynthesisUtterance = class extends EventTarget {
      constructor(text) {
        super();
        this.text = text;
      }
    };
  }, voices);
}

function asked(visit) {
  return visit.page.evaluate(() => window.asked);
}

/** It is known what the device can do. */
async function joined(visit) {
  await visit.page.locator("sotto-chat .chat[data-voice]").waitFor();
}

test("a browser that cannot listen on the device does not listen at all, and nothing is sent", { permissions: ["microphone"] }, async (visit) => {
  // The real Chromium of the tests has no recognition on the device, and can load none.
  const microphone = [];
  await visit.page.exposeFunction("opened", () => microphone.push("opened"));
  await visit.page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const open = mediaDevices?.getUserMedia.bind(mediaDevices);
    if (open) mediaDevices.getUserMedia = (...given) => (window.opened(), open(...given));
  });
  await visit.start();
  const before = visit.requests.length;
  await joined(visit);
  await visit.button("Dictate").click();
  await visit.dialog().getByText(/often 50 to 150 MB/).waitFor();
  await visit.button("Load the language").click();
  await visit.dialog().getByText("This device cannot take dictation.").waitFor();
  assert.equal(await visit.dialog().getByRole("button", { name: /Dictate|Load|Stop/ }).count(), 0);
  const since = visit.requests.slice(before).map((request) => new URL(request.url()).pathname).filter((path) => !path.startsWith("/assets/voice-"));
  assert.deepEqual(since, []);
  assert.deepEqual(microphone, []);
  assert.deepEqual(visit.complaints, []);
});

test("a recognition that cannot be told to keep to the device is not used", {}, async (visit) => {
  await visit.page.addInitScript(() => {
    window.SpeechRecognition = window.webkitSpeechRecognition = class {
      static available = async () => "available";
      start() {
        throw new Error("it listens");
      }
    };
  });
  await visit.start();
  await joined(visit);
  assert.equal(await visit.dialog().getByRole("button", { name: "Dictate" }).count(), 0);
});

test("what is said stands in the field, and is sent by hand only", {}, async (visit) => {
  await recognising(visit);
  await visit.start();
  const dictate = visit.button("Dictate");
  await dictate.waitFor();
  await visit.accessible();
  const field = visit.dialog().getByRole("textbox");
  await field.fill("Hello,");
  const before = visit.requests.length;
  await dictate.click();
  await visit.dialog().getByText("Listening, on this device only.").waitFor();
  await visit.accessible();
  await visit.picture("voice-listening");
  await visit.page.evaluate(() => window.said("where is", false));
  await visit.page.evaluate(() => window.said(" where is my parcel "));
  assert.equal(await field.inputValue(), "Hello, where is my parcel");
  await visit.button("Stop dictating").click();
  await dictate.waitFor();
  assert.equal(visit.requests.length, before, "nothing is sent while the microphone is open");
  assert.deepEqual(await asked(visit), [
    ["available", { langs: ["en-GB"], processLocally: true }],
    ["start", { lang: "en-GB", processLocally: true }],
    ["stop"],
  ]);
  // A visitor who closes the window is not listened to.
  await dictate.click();
  await visit.button("Close the chat window").click();
  // A dialog says that it was closed a moment after it is.
  await visit.page.waitForFunction(() => window.asked.at(-1)?.[0] === "abort");
  await visit.open();
  await visit.button(/^Send$/).click();
  await visit.answered();
  assert.deepEqual(visit.complaints, []);
});

test("a language is loaded on a click that says how much it is, on a phone", PHONE, async (visit) => {
  await recognising(visit, { state: "downloadable" });
  await visit.start("/?lang=de");
  await visit.button("Diktieren").click();
  await visit.dialog().getByText(/oft 50 bis 150 MB/).waitFor();
  assert.deepEqual((await asked(visit)).map(([what]) => what), ["available"]);
  await visit.accessible();
  await visit.picture("voice-load-phone");
  await visit.button("Sprache laden").click();
  await visit.dialog().getByText("Hört zu, nur auf diesem Gerät.").waitFor();
  assert.deepEqual((await asked(visit)).map(([what]) => what), ["available", "install", "start"]);
});

for (const [what, device] of [
  ["a language that does not load", { state: "downloadable", installs: false }],
  ["a microphone that is refused", { error: "not-allowed" }],
  ["a service that is elsewhere", { error: "service-not-allowed" }],
]) {
  test(`${what} takes the button away`, {}, async (visit) => {
    await recognising(visit, device);
    await visit.start();
    await visit.button("Dictate").click();
    if (device.state) await visit.button("Load the language").click();
    await visit.dialog().getByText("This device cannot take dictation.").waitFor();
    assert.equal(await visit.dialog().getByRole("button", { name: /Dictate|Load|Stop/ }).count(), 0);
    await visit.dialog().getByRole("textbox").and(visit.page.locator(":focus")).waitFor();
  });
}

test("answers are read aloud by a voice of the device, and by no other", {}, async (visit) => {
  await speaking(visit, [
    { localService: false, lang: "en-GB" },
    { localService: true, lang: "en-US" },
  ]);
  await visit.start();
  const read = visit.button("Read answers aloud");
  await read.click();
  await visit.say("where is my parcel?");
  await visit.answered();
  const text = await visit.log().locator(".message.bot .text").last().innerText();
  assert.deepEqual(await visit.page.evaluate(() => window.spoken), [text]);
  await visit.accessible();
  await read.click();
  assert.equal(await visit.page.evaluate(() => window.spoken.at(-1)), null, "silent at once");

  const other = await visit.elsewhere();
  await speaking(other, [{ localService: false, lang: "en-GB" }]);
  await other.start();
  await joined(other);
  assert.equal(await other.dialog().getByRole("button", { name: "Read answers aloud" }).count(), 0);
});
