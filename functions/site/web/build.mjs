// Builds dist/ from src/ and page/: the same bytes each time, for CI builds it again and compares.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { gzipSync } from "fflate";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
/** Most that a page loads, gzipped, before the visitor opens the chat. */
const FIRST_LOAD_BUDGET = 6 * 1024;
/** Most that opening the chat adds. */
const OPENING_BUDGET = 40 * 1024;
/** Most that the staff's console loads: once a version, since it is cached for good. */
const CONSOLE_BUDGET = 40 * 1024;
/** One file for the browser, in this order. */
const CONSOLE_STYLES = ["page", "form", "privacy"].map((name) => join(HERE, `src/console/styles/${name}.css`));
const CONTENT_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

const minifiedCss = {
  name: "minified-css",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => ({ contents: await minifyCss(path), loader: "text" }));
  },
};

async function minifyCss(path) {
  const { code, warnings } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
  // A browser would drop what it does not understand, and say nothing either.
  if (warnings.length > 0) throw new Error(`${path}: ${warnings[0].text}`);
  return code;
}

/** A classic script from a module, and the licences of the packages that went into it. */
async function bundle(entry, define = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    bundle: true,
    define,
    format: "iife",
    legalComments: "none",
    metafile: true,
    minify: true,
    plugins: [minifiedCss],
    target: "es2022",
    write: false,
  });
  const packages = Object.keys(metafile.inputs).map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  const licences = [...new Set(packages.filter(Boolean))].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(join(HERE, "node_modules", name, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(join(HERE, "node_modules", name, "LICENSE"), "utf8").trim()}\n`;
  });
  return { code: Buffer.from(outputFiles[0].contents), licences: Buffer.from(licences.join("\n\n")) };
}

function hash(algorithm, bytes, encoding) {
  return createHash(algorithm).update(bytes).digest(encoding);
}

/** What an ETag is made of. */
function tagOf(bytes) {
  return hash("sha256", bytes, "hex").slice(0, 32);
}

function lines(items) {
  return items.map((item) => `        ${item},\n`).join("");
}

const files = [];
const gzippedTotals = {};

function write(path, bytes) {
  mkdirSync(dirname(join(DIST, path)), { recursive: true });
  writeFileSync(join(DIST, path), bytes);
  return bytes;
}

function publish(path, bytes) {
  const gzipped = gzipSync(bytes, { level: 9, mtime: 0 });
  write(path, bytes);
  write(`${path}.gz`, gzipped);
  files.push({ path, type: CONTENT_TYPES[extname(path)], tag: tagOf(bytes) });
  gzippedTotals[path] = gzipped.length;
  console.log(`${path}  ${bytes.length} bytes, ${gzipped.length} gzipped`);
}

/** A file under a name that holds its hash, so that it may be cached for good. */
function publishAsset(name, bytes) {
  const extension = extname(name);
  const path = `/assets/${name.slice(0, -extension.length)}-${hash("sha256", bytes, "hex").slice(0, 16)}${extension}`;
  publish(path.slice(1), bytes);
  return { path, integrity: `sha384-${hash("sha384", bytes, "base64")}` };
}

rmSync(DIST, { recursive: true, force: true });
const chat = publishAsset("chat.js", (await bundle("src/chat/entry.ts")).code);
const sealBundle = await bundle("src/seal/entry.ts");
const licences = publishAsset("licences.txt", sealBundle.licences);
const seal = publishAsset("seal.js", Buffer.concat([Buffer.from(`/* Licences: ${licences.path} */\n`), sealBundle.code]));
const loader = await bundle("src/loader.ts", { ASSETS: JSON.stringify({ chat, seal }) });
publish("widget.js", loader.code);

const printable = publishAsset("printable.css", Buffer.from(await minifyCss(join(HERE, "src/console/styles/printable.css"))));
const consoleBundle = await bundle("src/console/entry.ts", { PRINTABLE: JSON.stringify(printable) });
const page = {
  "console.js": publishAsset("console.js", consoleBundle.code),
  "console.css": publishAsset("console.css", Buffer.from((await Promise.all(CONSOLE_STYLES.map(minifyCss))).join(""))),
};
for (const name of readdirSync(join(HERE, "page")).sort()) {
  const source = join(HERE, "page", name);
  if (name.endsWith(".svg")) page[name] = publishAsset(name, readFileSync(source));
  if (name.endsWith(".css")) page[name] = publishAsset(name, Buffer.from(await minifyCss(source)));
}

/** A page with the names and hashes of its assets filled in, as Rust that includes it. */
function publishPage(name, language) {
  const html = readFileSync(join(HERE, "page", name), "utf8");
  const filled = html.replace(/\{\{(asset|integrity):([\w.-]+)\}\}/g, (_, what, asset) =>
    what === "asset" ? page[asset].path : page[asset].integrity,
  );
  const bytes = write(name, filled);
  return `Page { language: "${language}", tag: "${tagOf(bytes)}", html: include_str!("${name}") }`;
}
const pages = ["en", "de"].map((language) => publishPage(`index.${language}.html`, language));
const consolePage = publishPage("console.html", "en");
const entries = files.map(
  ({ path, type, tag }) =>
    `File { path: "/${path}", content_type: "${type}", tag: "${tag}", ` +
    `plain: include_bytes!("${path}"), gzipped: include_bytes!("${path}.gz") }`,
);
write(
  "dist.rs",
  `// Written by build.mjs.\nDist {\n    pages: [\n${lines(pages)}    ],\n    console: ${consolePage},\n    files: &[\n${lines(entries)}    ],\n}\n`,
);

const firstLoad = gzippedTotals["widget.js"];
const opening = gzippedTotals[chat.path.slice(1)] + gzippedTotals[seal.path.slice(1)];
console.log(`before the chat is opened: ${firstLoad} of ${FIRST_LOAD_BUDGET} bytes gzipped`);
console.log(`opening it adds: ${opening} of ${OPENING_BUDGET} bytes gzipped`);
const staff = gzippedTotals[page["console.js"].path.slice(1)] + gzippedTotals[page["console.css"].path.slice(1)];
console.log(`the console: ${staff} of ${CONSOLE_BUDGET} bytes gzipped`);
if (firstLoad > FIRST_LOAD_BUDGET || opening > OPENING_BUDGET || staff > CONSOLE_BUDGET) {
  console.error("over the budget");
  process.exit(1);
}
