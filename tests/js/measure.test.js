import assert from "node:assert/strict";
import { test } from "node:test";

import { AboveFrontier, measure } from "../../static/lab/named/measure.js";
import { Frontier } from "../../static/lab/named/optimum.js";
import { RESPONSES } from "../../static/lab/world.js";

const referenceLogps = new Float64Array(RESPONSES).fill(-Math.log(RESPONSES));
const trueQuality = Float64Array.from({ length: RESPONSES }, (_, n) => Math.sin(n));
const facts = { reference_logps: referenceLogps, true_quality: trueQuality, frontier: Frontier(referenceLogps, trueQuality) };

/** The optimum for a beta, Eq. 4 of DPO, all its log-probabilities raised by so much. */
const optimum = (beta, raised = 0) => {
  const tilted = referenceLogps.map((logp, n) => logp + trueQuality[n] / beta);
  const partition = Math.log(tilted.reduce((sum, logp) => sum + Math.exp(logp), 0));
  return tilted.map((logp) => logp - partition + raised);
};

test("an optimum lies on the frontier", () => {
  const { kl, true_quality: quality } = measure(optimum(0.1), facts, trueQuality);
  assert.ok(Math.abs(quality - facts.frontier.bound(kl)) < 1e-9);
});

test("what lies above the frontier is an error", () => {
  // Too much probability in all.
  assert.throws(() => measure(optimum(0.1, 0.01), facts, trueQuality), AboveFrontier);
});
