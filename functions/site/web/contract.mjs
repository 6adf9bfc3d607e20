// Writes the types of the console's API from docs/openapi.json, before they are checked and bundled. The file is not
// committed: it can then be neither stale nor in the way of a merge.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const METHODS = ["get", "post", "put", "patch", "delete"];
const document = JSON.parse(readFileSync(join(HERE, "../../../docs/openapi.json"), "utf8"));

/** What a `$ref` of the document names. */
function resolved(item) {
  if (!item?.$ref) return item;
  return resolved(item.$ref.slice(2).split("/").reduce((found, key) => found[key.replaceAll("~1", "/").replaceAll("~0", "~")], document));
}

function object({ properties = {}, required = [], additionalProperties }) {
  const lines = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${type(schema)};`,
  );
  if (typeof additionalProperties === "object") lines.push(`[name: string]: ${type(additionalProperties)};`);
  return lines.length > 0 ? `{ ${lines.join(" ")} }` : "object";
}

function ofKind(kind, schema) {
  switch (kind) {
    case "object":
      return object(schema);
    case "array":
      return `Array<${type(schema.items ?? {})}>`;
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return kind;
    default:
      return schema.properties ? object(schema) : "unknown";
  }
}

/** A JSON schema as a type. */
function type(schema) {
  if (schema === undefined || typeof schema === "boolean") return "unknown";
  if (schema.$ref) return `Schemas[${JSON.stringify(schema.$ref.split("/").pop())}]`;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const parts = [];
  if (schema.allOf) parts.push(...schema.allOf.map((part) => `(${type(part)})`));
  const some = schema.oneOf ?? schema.anyOf;
  if (some) parts.push(`(${some.map(type).join(" | ")})`);
  if (parts.length === 0 || schema.properties) {
    parts.push([schema.type].flat().map((kind) => ofKind(kind, schema)).join(" | "));
  }
  return parts.join(" & ");
}

/** What is answered when all is well: JSON, a page to read, or a file to save. What is sealed is opened by the client. */
function answer(responses) {
  const content = Object.entries(responses)
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, response]) => Object.entries(resolved(response).content ?? {}));
  const types = content.filter(([media]) => !media.includes("sealed")).map(([media, { schema }]) => {
    if (media === "application/zip") return "Blob";
    return media.includes("json") ? type(schema) : "string";
  });
  if ("204" in responses || "304" in responses) types.push("null");
  return types.length > 0 ? [...new Set(types)].join(" | ") : "null";
}

function body(request) {
  const schema = resolved(request)?.content?.["application/json"]?.schema;
  if (!schema) return "body?: undefined;";
  const isOptional = !resolved(request).required || [schema.type, ...(schema.oneOf ?? []).map((one) => one.type)].flat().includes("null");
  return `body${isOptional ? "?" : ""}: ${type(schema)};`;
}

function operation(path, shared, { parameters = [], requestBody, responses }) {
  const all = [...shared, ...parameters].map(resolved);
  const of = (place) => all.filter((parameter) => parameter.in === place);
  const fields = (place, isOptional) =>
    of(place).map(({ name, required, schema }) => `${JSON.stringify(name)}${isOptional || !required ? "?" : ""}: ${type(schema)};`).join(" ");
  const inPath = of("path").length > 0 ? `path: { ${fields("path", false)} };` : "path?: undefined;";
  // The client adds headers of its own, so that the types ask for none.
  return `{ ${inPath} query?: { ${fields("query", true)} }; headers?: { ${fields("header", true)} }; ${body(requestBody)} answer: ${answer(responses)} }`;
}

const operations = Object.entries(document.paths).flatMap(([path, { parameters = [], ...methods }]) =>
  METHODS.filter((method) => methods[method]).map(
    (method) => `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: ${operation(path, parameters, methods[method])};`,
  ),
);
const schemas = Object.entries(document.components.schemas).map(([name, schema]) => `  ${JSON.stringify(name)}: ${type(schema)};`);
writeFileSync(
  join(HERE, "src/console/contract.ts"),
  `// Written by contract.mjs from docs/openapi.json.\nexport interface Schemas {\n${schemas.join("\n")}\n}\n\nexport interface Operations {\n${operations.join("\n")}\n}\n`,
);
