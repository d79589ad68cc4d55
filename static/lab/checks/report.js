// All checks, one after the other.

/** @typedef {import("./outcome.js").Kind} Kind */

/** What the checks of a kind came to; failures are those that did not pass.
 *  @typedef {{ title: string, unit: string, tolerance: number, count: number, passed: number, largest: number,
 *    failures: import("./outcome.js").Outcome[] }} Summary */

/** "checked" after each check, with its kind and how many are done; at last "done" with a summary of each kind.
 *  @param {Kind[]} kinds @returns {Generator<RunEvent, void, void>} */
export function* checked(kinds) {
  const total = kinds.reduce((sum, { checks }) => sum + checks.length, 0);
  let done = 0;
  /** @type {Summary[]} */
  const summaries = [];
  for (const { title, unit, tolerance, checks } of kinds) {
    const outcomes = [];
    for (const check of checks) {
      yield ["checking", { title, done, total }];
      outcomes.push(check());
      done++;
    }
    const failures = outcomes.filter(({ difference }) => !(difference <= tolerance));
    const largest = Math.max(...outcomes.map(({ difference }) => difference));
    summaries.push({ title, unit, tolerance, count: checks.length, passed: checks.length - failures.length, largest, failures });
  }
  yield ["done", { total, passed: summaries.reduce((sum, { passed }) => sum + passed, 0), summaries }];
}
