// Verifies a receipt of Sotto with nothing but Node's own cryptography: another implementation than
// the service's, and one that every holder of a receipt can read to its end.
//
//   node receipt.mjs RECEIPT.json JWKS.json ISSUER
//
// RECEIPT is what `DELETE /v1/me` gave, JWKS is what `GET /.well-known/jwks.json` gives, ISSUER is the
// deployment's name. Prints one line of JSON; ends with 0 if the receipt is valid, 1 if it is not, 2 if
// a file could not be read.

import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const TYPE = "sotto-receipt+jwt";

class Invalid extends Error {}

function check(isSo, reason) {
  if (!isSo) throw new Invalid(reason);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Node skips characters outside base64url; here they are a fault.
function bytes(text) {
  check(/^[A-Za-z0-9_-]+$/.test(text), "malformed");
  return Buffer.from(text, "base64url");
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid("malformed");
  }
}

function judge(receipt, { keys }, issuer) {
  check(isObject(receipt) && typeof receipt.jws === "string", "malformed");
  const parts = receipt.jws.split(".");
  check(parts.length === 3, "malformed");
  const [header, payload] = parts;
  const { alg, typ, kid } = json(bytes(header).toString("utf8"));
  check(typ === TYPE, "wrong_type");
  // The set also has the keys of the staff's tokens, none of which may speak for an erasure.
  const jwk = keys.find((key) => key.kid === kid && key.sotto_use === "receipt");
  check(jwk !== undefined, "unknown_key");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk.x }, format: "jwk" });
  const signed = Buffer.from(`${header}.${payload}`, "ascii");
  check(alg === "EdDSA" && verify(null, signed, key, bytes(parts[2])), "bad_signature");
  const { iss, ...said } = json(bytes(payload).toString("utf8"));
  check(iss === issuer, "other_issuer");
  const { jws, ...beside } = receipt;
  check(Object.keys(beside).length === 0 || isDeepStrictEqual(beside, said), "altered");
}

const [receiptFile, jwksFile, issuer] = process.argv.slice(2);
let receipt, jwks;
try {
  receipt = readFileSync(receiptFile, "utf8");
  jwks = JSON.parse(readFileSync(jwksFile, "utf8"));
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
try {
  judge(json(receipt), jwks, issuer);
  console.log(JSON.stringify({ valid: true }));
} catch (error) {
  if (!(error instanceof Invalid)) throw error;
  console.log(JSON.stringify({ valid: false, reason: error.message }));
  process.exitCode = 1;
}
