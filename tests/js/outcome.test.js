import assert from "node:assert/strict";
import { test } from "node:test";
import { furthest, furthestNamed } from "../../static/lab/checks/outcome.js";
import { checked } from "../../static/lab/checks/report.js";

const passes = (outcome) => {
  const [[, report]] = [...checked([{ title: "", unit: "", tolerance: 0.1, checks: [() => outcome] }])].slice(-1);
  return report.passed === 1;
};

test("lists are compared where they are furthest apart", () => {
  const outcome = furthest("name", [1, 2, 3], [1, 2.5, 3.25], (n) => `place ${n}`);
  assert.deepEqual(outcome, { name: "name", place: "place 1", expected: 2, found: 2.5, difference: 0.5 });
});

test("a difference up to the tolerance passes, and one beyond it does not", () => {
  assert.ok(passes(furthest("", [1], [1], String)));
  assert.ok(passes(furthestNamed("", { kl: 10 }, { kl: 10.5 }, (expected) => expected)));
  assert.ok(!passes(furthestNamed("", { kl: 10 }, { kl: 10.5 })));
});

for (const [what, expected, found] of [
  ["a number that is missing", { kl: 1, loss: 2 }, { kl: 1 }],
  ["what is no number", { kl: NaN, loss: 2 }, { kl: 1, loss: 2 }],
  ["what is infinite", { kl: 1 }, { kl: Infinity }],
  ["nothing at all", {}, { kl: 1 }],
]) {
  test(`${what} does not pass`, () => assert.ok(!passes(furthestNamed("", expected, found))));
}
