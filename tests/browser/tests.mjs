// The list of tests. Each has a name, options of the browser, and a function to run.
export const tests = [];

export function test(name, options, run) {
  tests.push({ name, options, run });
}
