// The widget's own cryptography, as built, at work in Chromium for a test in another language.
//
//   node interop.mjs [BUNDLE]      one JSON case a line on stdin, one JSON answer a line on stdout
//
// {"op":"seal","id","key":{"kid","kem","public_key"},"method","path","idempotency_key","body"}
//     -> {"id","body":{"kid","enc","ct"},"reply_key"}; the context stays open under that id
// {"op":"open","id","response":{"nonce","ct"}}
//     -> {"id","plaintext"}, or {"id","error":"unsealed"}; opening takes the exported secret
// {"op":"verify","id","list":{"jws","root"},"pins":[],"now_ms"}
//     -> {"id","kid","kem"}, or {"id","refusal"}
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), "../../functions/site/web/dist/assets");
const bundle = process.argv[2] ?? join(ASSETS, readdirSync(ASSETS).find((name) => /^seal-\w+\.js$/.test(name)));

const browser = await launch();
try {
  const page = await browser.newPage();
  // WebCrypto is there for secure contexts only: a page of an https origin that never leaves this machine.
  await page.route("https://sotto.invalid/", (route) => route.fulfill({ contentType: "text/html", body: "" }));
  await page.goto("https://sotto.invalid/");
  const script = await page.addScriptTag({ content: readFileSync(bundle, "utf8") });
  await script.evaluate((element) => {
    window.seal = element.sotto;
    window.channels = new Map();
  });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim()) console.log(JSON.stringify(await page.evaluate(answer, JSON.parse(line))));
  }
} finally {
  await browser.close();
}

/** Runs in the page. */
async function answer(test) {
  const { op, id } = test;
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  if (op === "seal") {
    const key = { kid: test.key.kid, kem: test.key.kem, publicKey: bytes(test.key.public_key), validUntil: Infinity };
    const channel = await window.seal.openChannel(key);
    window.channels.set(id, channel);
    const body = await channel.seal(test.method, test.path, test.idempotency_key, test.body);
    return { id, body: JSON.parse(body), reply_key: channel.replyKey };
  }
  if (op === "open") {
    const channel = window.channels.get(id);
    if (!channel) return { id, error: "nothing was sealed under this id" };
    try {
      return { id, plaintext: JSON.parse(await channel.open(test.response)) };
    } catch {
      return { id, error: "unsealed" };
    }
  }
  if (op === "verify") {
    try {
      const { kid, kem } = await window.seal.verifyKeyList(test.list, test.pins, test.now_ms);
      return { id, kid, kem };
    } catch (error) {
      return { id, refusal: error.refusal };
    }
  }
  return { id, error: "unknown op" };
}
