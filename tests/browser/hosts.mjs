// The widget on pages of other people's, in a real browser, from an origin that is not the API's:
//
//   node hosts.mjs BASE_URL AWS_URL SHOP_ORIGIN OUTPUT_FOLDER
//
// The pages in hosts/ are served at SHOP_ORIGIN, which the API has to know (`cargo local --origin`).
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import "./flows/hosts.mjs";
import { run } from "./run.mjs";
import { Guest } from "./flows/hosts/guest.mjs";

const [url, aws, shop, output] = process.argv.slice(2);
if (!url || !aws || !shop || !output) {
  console.error("usage: node hosts.mjs BASE_URL AWS_URL SHOP_ORIGIN OUTPUT_FOLDER");
  process.exit(2);
}
const api = new URL(url).origin;
const pin = /data-root="([^"]*)"/.exec(await (await fetch(api)).text())[1];
const server = createServer(({ url: path }, response) => {
  const name = /^\/(\w+)\.html$/.exec(new URL(path, shop).pathname)?.[1];
  if (!name) return response.writeHead(404).end();
  const page = readFileSync(new URL(`./hosts/${name}.html`, import.meta.url), "utf8");
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(page.replaceAll("{{api}}", api).replaceAll("{{pin}}", pin));
});
await new Promise((listening) => server.listen(new URL(shop).port, "127.0.0.1", listening));
await run(output, (browser, options) => Guest.open(browser, { api, aws, shop, output }, options));
