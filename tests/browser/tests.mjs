// The list of what is to be tried. Each has a name, options of the browser, and what it does.
export const tests = [];

export function test(name, options, run) {
  tests.push({ name, options, run });
}
