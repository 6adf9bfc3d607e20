// Builds dist/ from src/ and page/: the same bytes each time, for CI builds it again and compares.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { gzipSync } from "fflate";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
/** Most that a page loads, gzipped, before the visitor opens the chat. */
const FIRST_LOAD_BUDGET = 6 * 1024;
/** Most that opening the chat adds. */
const OPENING_BUDGET = 41 * 1024;
/** Most that dictation and reading aloud add, once a conversation is shown. */
const VOICE_BUDGET = 3 * 1024;
/** Most that a proof of work adds, for those who are asked for one. */
const WORK_BUDGET = 5 * 1024;
/** Most that the staff's console loads at first: once a version, since it is cached for good. */
const CONSOLE_BUDGET = 60 * 1024;
/** Most that opening a page of the console adds, or a part of a page to that page. */
const PAGE_BUDGET = 12 * 1024;
/** Most that sealing adds, once, to what agents do. */
const SEALING_BUDGET = 24 * 1024;
const CONSOLE = join(HERE, "src/console");
const PRINTABLE_STYLE = "privacy/printable.css";
/** One file for the browser: the looks of the whole page, then those of each feature. */
const CONSOLE_STYLES = ["page.css", ...readdirSync(CONSOLE, { recursive: true }).sort()].filter(
  (name, i, all) => name.endsWith(".css") && name !== PRINTABLE_STYLE && all.indexOf(name) === i,
);
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

const SETTINGS = {
  absWorkingDir: HERE,
  bundle: true,
  legalComments: "none",
  metafile: true,
  minify: true,
  plugins: [minifiedCss],
  target: "es2022",
  write: false,
};

async function minifyCss(path) {
  const { code, warnings } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
  // A browser would drop what it does not understand, and say nothing either.
  if (warnings.length > 0) throw new Error(`${path}: ${warnings[0].text}`);
  return code;
}

/** A classic script from a module, and the licences of the packages that went into it. */
async function bundle(entry, define = {}) {
  const { outputFiles, metafile } = await build({ ...SETTINGS, entryPoints: [entry], define, format: "iife" });
  return { code: Buffer.from(outputFiles[0].contents), packages: packagesOf(metafile) };
}

/** Modules from an entry, in files that are loaded when they are needed. Their names hold their hashes. */
async function split(entry, banner, define) {
  const { outputFiles, metafile } = await build({
    ...SETTINGS,
    entryPoints: [{ in: entry, out: "console" }],
    define,
    banner: { js: banner },
    format: "esm",
    splitting: true,
    outdir: "dist/assets",
    entryNames: "[name]-[hash]",
    chunkNames: "console-[name]-[hash]",
  });
  const contents = new Map(outputFiles.map(({ path, contents }) => [relative(HERE, path), Buffer.from(contents)]));
  return { outputs: metafile.outputs, contents };
}

function packagesOf(metafile) {
  const packages = Object.keys(metafile.inputs).map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  return packages.filter(Boolean);
}

function licencesOf(packages) {
  const licences = [...new Set(packages)].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(join(HERE, "node_modules", name, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(join(HERE, "node_modules", name, "LICENSE"), "utf8").trim()}\n`;
  });
  return Buffer.from(licences.join("\n\n"));
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
  return publishNamed(`assets/${name.slice(0, -extension.length)}-${hash("sha256", bytes, "hex").slice(0, 16)}${extension}`, bytes);
}

function publishNamed(path, bytes) {
  publish(path, bytes);
  return { path: `/${path}`, integrity: `sha384-${hash("sha384", bytes, "base64")}` };
}

rmSync(DIST, { recursive: true, force: true });
// One file a language: a visitor reads one only.
const chatIn = async (locale) => publishAsset(`chat-${locale}.js`, (await bundle("src/chat/entry.ts", { LOCALE: JSON.stringify(locale) })).code);
const chats = { en: await chatIn("en"), de: await chatIn("de") };
const sealBundle = await bundle("src/seal/entry.ts");
const PRINTABLE_FILE = join(CONSOLE, PRINTABLE_STYLE);
const printable = publishAsset("printable.css", Buffer.from(await minifyCss(PRINTABLE_FILE)));
const definitions = { PRINTABLE: JSON.stringify(printable) };
const workBundle = await bundle("src/work/entry.ts");
const voice = publishAsset("voice.js", (await bundle("src/voice/entry.ts")).code);
const { packages } = await bundle("src/console/entry.tsx", definitions);
const licences = publishAsset("licences.txt", licencesOf([...sealBundle.packages, ...workBundle.packages, ...packages]));
const licensed = (name, { code }) => publishAsset(name, Buffer.concat([Buffer.from(`/* Licences: ${licences.path} */\n`), code]));
const [seal, work] = [licensed("seal.js", sealBundle), licensed("work.js", workBundle)];
const loader = await bundle("src/loader.ts", { ASSETS: JSON.stringify({ ...chats, seal, work, voice }) });
publish("widget.js", loader.code);

const styles = await Promise.all(CONSOLE_STYLES.map((name) => minifyCss(join(CONSOLE, name))));
const page = { "console.css": publishAsset("console.css", Buffer.from(styles.join(""))) };
const staff = await publishConsole(`/* Licences: ${licences.path} */`);
page["console.js"] = staff.entry;
for (const name of readdirSync(join(HERE, "page")).sort()) {
  const source = join(HERE, "page", name);
  if (name.endsWith(".svg")) page[name] = publishAsset(name, readFileSync(source));
  if (name.endsWith(".css")) page[name] = publishAsset(name, Buffer.from(await minifyCss(source)));
}

/**
 * The console: what is loaded at first, and what each page adds. A page whose name is in the table and has no file, or
 * the other way round, is not built.
 */
async function publishConsole(banner) {
  const { outputs, contents } = await split("src/console/entry.tsx", banner, definitions);
  const published = Object.fromEntries([...contents].map(([path, bytes]) => [path, publishNamed(path.replace(/^dist\//, ""), bytes)]));
  // A file, and the files that it cannot do without.
  const closure = (path, found = []) => {
    if (found.includes(path)) return found;
    found.push(path);
    for (const { path: next, kind } of outputs[path].imports) if (kind === "import-statement") closure(next, found);
    return found;
  };
  const PARTS = /\.tsx$|console\/sealing\.ts$/;
  const withEntry = (pattern) => Object.keys(outputs).filter((path) => pattern.test(outputs[path].entryPoint ?? ""));
  const nameOf = (path) => /([\w-]+)(\.page)?\.tsx?$/.exec(outputs[path].entryPoint)[1];
  const [entry] = withEntry(/console\/entry\.tsx$/);
  const first = closure(entry);
  const files = Object.fromEntries(
    withEntry(PARTS).filter((path) => path !== entry).map((path) => [
      nameOf(path),
      closure(path).filter((needed) => !first.includes(needed)),
    ]),
  );
  // The files that are there when another is loaded on demand: those of each file that loads it.
  const before = (path) =>
    Object.keys(outputs)
      .filter((other) => outputs[other].imports.some(({ path: next, kind }) => kind === "dynamic-import" && next === path))
      .map((other) => closure(other))
      .reduce((all, files) => all.filter((file) => files.includes(file)));
  const added = Object.fromEntries(
    withEntry(PARTS).filter((path) => path !== entry).map((path) => [
      nameOf(path),
      closure(path).filter((needed) => !first.includes(needed) && !before(path).includes(needed)).map((needed) => published[needed].path),
    ]),
  );
  const table = await pageTable();
  const pages = withEntry(/\.page\.tsx$/).map((path) => /([\w-]+)\.page\.tsx$/.exec(outputs[path].entryPoint)[1]);
  const [built, listed] = [pages, table.map(({ name }) => name)].map((names) => names.sort().join(" "));
  if (built !== listed) throw new Error(`the table of pages has ${listed}, and there are files for ${built}`);
  write("pages.json", `${JSON.stringify(table, null, 2)}\n`);
  return {
    entry: published[entry],
    base: first.slice(1).map((path) => published[path]),
    first: first.map((path) => published[path].path),
    added,
    files: Object.fromEntries(Object.entries(files).map(([name, paths]) => [name, paths.map((path) => published[path])])),
  };
}

/** What src/console/pages.ts says, for the browser tests: all but the code. */
async function pageTable() {
  const { outputFiles } = await build({
    ...SETTINGS,
    entryPoints: ["src/console/pages.ts"],
    format: "esm",
    external: ["*.page.tsx"],
  });
  const { PAGES } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  return PAGES.map(({ name, address, roles, isPlace, title }) => ({ name, address, roles, isPlace, title }));
}

/** What the console's page says of its modules: those that are loaded at first, and for each page the others. */
function consoleHead() {
  const preloads = staff.base.map(({ path, integrity }) => `<link rel="modulepreload" href="${path}" integrity="${integrity}">\n`);
  const files = Object.fromEntries(
    Object.entries(staff.files).map(([name, paths]) => [name, paths.map(({ path, integrity }) => [path, integrity])]),
  );
  return `${preloads.join("")}<meta name="sotto:files" content='${JSON.stringify(files)}'>`;
}

/** A page with the names and hashes of its assets filled in, as Rust that includes it. */
function publishPage(name, language) {
  const html = readFileSync(join(HERE, "page", name), "utf8");
  const filled = html.replace("{{modules}}", consoleHead).replace(/\{\{(asset|integrity):([\w.-]+)\}\}/g, (_, what, asset) =>
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
const opening = Math.max(...Object.values(chats).map(({ path }) => gzippedTotals[path.slice(1)])) + gzippedTotals[seal.path.slice(1)];
console.log(`before the chat is opened: ${firstLoad} of ${FIRST_LOAD_BUDGET} bytes gzipped`);
console.log(`opening it adds: ${opening} of ${OPENING_BUDGET} bytes gzipped`);
const working = gzippedTotals[work.path.slice(1)];
const speaking = gzippedTotals[voice.path.slice(1)];
console.log(`voice adds: ${speaking} of ${VOICE_BUDGET} bytes gzipped`);
console.log(`a proof of work adds: ${working} of ${WORK_BUDGET} bytes gzipped`);
const gzippedOf = (paths) => paths.reduce((sum, path) => sum + gzippedTotals[path.slice(1)], 0);
const consoleBytes = gzippedOf([...staff.first, page["console.css"].path]) + gzipSync(readFileSync(join(DIST, "console.html")), { level: 9, mtime: 0 }).length;
console.log(`the console: ${consoleBytes} of ${CONSOLE_BUDGET} bytes gzipped`);
const large = Object.entries(staff.added).filter(([name, paths]) => {
  const bytes = gzippedOf(paths);
  const budget = name === "sealing" ? SEALING_BUDGET : PAGE_BUDGET;
  console.log(`opening ${name} adds: ${bytes} of ${budget} bytes gzipped`);
  return bytes > budget;
});
if (firstLoad > FIRST_LOAD_BUDGET || opening > OPENING_BUDGET || working > WORK_BUDGET || speaking > VOICE_BUDGET || consoleBytes > CONSOLE_BUDGET || large.length > 0) {
  console.error("over the budget");
  process.exit(1);
}
