// Lints docs/openapi.json, then plants one fault after the other and asks that its rule, and no other,
// refuses it. Reads no network and no configuration but this one.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { readFile } from 'node:fs/promises';
import { faults } from './faults.mjs';

const config = await createConfig({
  rules: {
    'no-empty-servers': 'error',
    'no-identical-paths': 'error',
    'no-ambiguous-paths': 'off', // Some paths differ by method and by a literal part, as in the router.
    'no-duplicated-tag-names': 'error',
    'no-enum-type-mismatch': 'error',
    'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: false },
    'no-invalid-parameter-examples': 'error',
    'no-invalid-schema-examples': 'error',
    'no-path-trailing-slash': 'error',
    'no-query-in-path': 'error',
    'no-required-schema-properties-undefined': 'error',
    'no-schema-type-mismatch': 'error',
    'no-unresolved-refs': 'error',
    'no-unused-components': 'error',
    'operation-2xx-response': 'error',
    'operation-4xx-problem-details-rfc7807': 'error',
    'operation-operationId': 'error',
    'operation-operationId-unique': 'error',
    'operation-operationId-url-safe': 'error',
    'operation-parameters-unique': 'error',
    'operation-singular-tag': 'error',
    'operation-tag-defined': 'error',
    'path-declaration-must-exist': 'error',
    'path-parameters-defined': 'error',
    'security-defined': 'error',
    'spec-components-invalid-map-name': 'error',
    struct: 'error',
  },
});

async function lint(description) {
  const source = JSON.stringify(description, null, 2);
  const found = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return found.filter((problem) => !problem.ignored);
}

const place = (problem) => problem.location.map(({ pointer }) => pointer ?? '').join(', ');
const path = process.argv[2] ?? new URL('../../docs/openapi.json', import.meta.url);
const description = JSON.parse(await readFile(path, 'utf8'));
const problems = await lint(description);
for (const problem of problems) {
  console.error(`${problem.ruleId}: ${problem.message} (${place(problem)})`);
}

// In a description that is at fault already, no planted fault is the only one.
const planted = problems.length === 0 ? faults : [];
let missed = 0;
for (const { name, rule, plant } of planted) {
  const broken = structuredClone(description);
  plant(broken);
  const rules = new Set((await lint(broken)).map(({ ruleId }) => ruleId));
  if (rules.size !== 1 || !rules.has(rule)) {
    missed += 1;
    console.error(`${name}: ${rule} was to refuse it, and [${[...rules]}] did`);
  }
}

const operations = Object.values(description.paths).flatMap((path) => Object.keys(path)).length;
console.log(`${operations} operations, ${problems.length} problems; ${planted.length} faults planted, ${missed} missed`);
process.exitCode = problems.length + missed === 0 ? 0 : 1;
