// Verifies the bundle of an audit with nothing but Python's zipfile and Node's own cryptography: other
// implementations than the service's, and ones that every holder of a bundle can read to their end.
//
//   node bundle.mjs BUNDLE.zip JWKS.json
//
// BUNDLE is what `GET /v1/audits/{id}/bundle` gave, JWKS is what `GET /.well-known/jwks.json` gives. Prints one
// line of JSON; ends with 0 if signature and sums fit, 1 if they do not, 2 if a file could not be read.
// SOTTO_PYTHON names another Python than python3. The proofs from the audit log are left to others.

import { spawnSync } from "node:child_process";
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TYPE = "sotto-bundle+jws";
const SUMS = "SHA256SUMS";
const SIGNATURE = "SHA256SUMS.jws";

class Invalid extends Error {}

function check(isSo, reason) {
  if (!isSo) throw new Invalid(reason);
}

// Node skips characters outside base64url; here they are a fault.
function bytes(text) {
  check(/^[A-Za-z0-9_-]*$/.test(text), "malformed");
  return Buffer.from(text, "base64url");
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid("malformed");
  }
}

// The bytes of each file by its name.
function unzipped(path) {
  const python = process.env.SOTTO_PYTHON ?? "python3";
  const script = fileURLToPath(new URL("unzip.py", import.meta.url));
  const ended = spawnSync(python, [script, path], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
  if (ended.status !== 0 && ended.status !== 1) throw new Error(ended.stderr || "no Python");
  check(ended.status === 0, "malformed");
  const files = Object.entries(JSON.parse(ended.stdout));
  return new Map(files.map(([name, text]) => [name, Buffer.from(text, "base64")]));
}

// The payload of the signature, byte for byte.
function signed(jws, { keys }) {
  const parts = jws.split(".");
  check(parts.length === 3, "malformed");
  const [header, payload] = parts;
  const { alg, typ, kid, crit } = json(bytes(header).toString("utf8"));
  check(typ === TYPE, "wrong_type");
  // The set also has the keys of tokens, receipts and certificates, none of which may speak for an audit.
  const jwk = keys.find((key) => key.kid === kid && key.sotto_use === "bundle");
  check(jwk !== undefined, "unknown_key");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk.x }, format: "jwk" });
  const text = Buffer.from(`${header}.${payload}`, "ascii");
  const holds = alg === "EdDSA" && crit === undefined && verify(null, text, key, bytes(parts[2]));
  check(holds, "bad_signature");
  return bytes(payload);
}

function judge(files, jwks) {
  check(files.has(SIGNATURE), "malformed");
  const sums = signed(files.get(SIGNATURE).toString("latin1"), jwks);
  check(files.get(SUMS)?.equals(sums), "altered");
  const lines = sums.toString("utf8").split("\n");
  check(lines.pop() === "", "malformed");
  const listed = new Map();
  for (const line of lines) {
    const found = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    check(found !== null && !listed.has(found[2]), "malformed");
    listed.set(found[2], found[1]);
  }
  for (const [name, content] of files) {
    if (name === SUMS || name === SIGNATURE) continue;
    check(listed.get(name) === createHash("sha256").update(content).digest("hex"), "altered");
    listed.delete(name);
  }
  check(listed.size === 0, "altered");
}

const [bundleFile, jwksFile] = process.argv.slice(2);
try {
  judge(unzipped(bundleFile), JSON.parse(readFileSync(jwksFile, "utf8")));
  console.log(JSON.stringify({ valid: true }));
} catch (error) {
  if (error instanceof Invalid) {
    console.log(JSON.stringify({ valid: false, reason: error.message }));
    process.exitCode = 1;
  } else {
    console.error(error.message);
    process.exitCode = 2;
  }
}
