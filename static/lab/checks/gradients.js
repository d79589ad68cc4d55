// Gradients of the losses against differences of the losses themselves, in float64: with respect to the log-probabilities of
// pairs, by the formulas of ../losses.js; and along a direction of all weights of a policy, as a trainer has computed them.
import { DPOTrainer } from "../dpo.js";
import { Draws } from "../draws.js";
import { LOSSES, trainingLoss } from "../losses.js";
import { both } from "../preferences.js";
import { mean, responseValues } from "../responses.js";
import { furthest } from "./outcome.js";

/** @typedef {import("../losses.js").PairLogps} PairLogps */

const BETAS = [0.1, 0.3, 1];
const SMOOTHED = new Set(["sigmoid", "robust", "exo_pair", "sigmoid_nll"]);

/** @param {string} lossType */
const paramsOf = (lossType) => ({ labelSmoothing: SMOOTHED.has(lossType) ? 0.1 : 0 });

const SEED = 1;
/** A stream of no other use in the browser. */
const STREAM = 8;
const PAIRS = 40;

/** The derivative of a function at 0, by differences whose error is of fourth order.
 *  @param {(distance: number) => number} f @param {number} step */
const slope = (f, step) => (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step);

/** Pairs of all sorts: log-ratios of up to 6 nats, responses of 1 to 30 tokens. @returns {PairLogps} */
const drawnPairs = () => {
  const draws = new Draws(SEED, STREAM);
  const between = (/** @type {number} */ low, /** @type {number} */ high) =>
    Float64Array.from(draws.uniform(PAIRS), (number) => low + (high - low) * number);
  const [policyChosen, policyRejected] = [between(-30, -0.5), between(-30, -0.5)];
  const [chosen, rejected] = [between(-6, 6), between(-6, 6)];
  return {
    policyChosen,
    policyRejected,
    referenceChosen: policyChosen.map((logp, n) => logp - chosen[n]),
    referenceRejected: policyRejected.map((logp, n) => logp - rejected[n]),
    chosenLengths: between(1, 31).map(Math.floor),
    rejectedLengths: between(1, 31).map(Math.floor),
  };
};

/** @param {string} lossType @param {number} beta */
const ofLogps = (lossType, beta) => {
  const pairs = drawnPairs();
  const params = paramsOf(lossType);
  const { chosen, rejected } = trainingLoss(lossType, pairs, beta, params);
  /** @param {"policyChosen" | "policyRejected"} which */
  const differences = (which) =>
    Array.from(pairs[which], (logp, n) =>
      slope((distance) => {
        const moved = { ...pairs, [which]: Float64Array.from(pairs[which]).with(n, logp + distance) };
        return trainingLoss(lossType, moved, beta, params).losses[n];
      }, 2e-4),
    );
  const expected = [...differences("policyChosen"), ...differences("policyRejected")];
  const found = [...chosen, ...rejected];
  const place = (/** @type {number} */ n) => `the ${n < PAIRS ? "chosen" : "rejected"} response of pair ${(n % PAIRS) + 1}`;
  const scale = Math.max(...expected.map(Math.abs));
  return furthest(`${lossType} at beta ${beta}, of log-probabilities`, expected, found, place, () => scale);
};

/** @param {import("../named/trained.js").Lab} lab @param {string} lossType @param {number} beta */
const ofWeights = (lab, lossType, beta) => {
  const count = 16;
  const comparisons = lab.comparisons(0, SEED, count);
  const config = { beta, lossType, ...paramsOf(lossType), batchSize: count, learningRate: 5e-3, seed: SEED };
  const trainer = new DPOTrainer(lab.reference_policy.of(0), comparisons, config);
  // Steps ahead, so that the policy is not the reference.
  for (let step = 0; step < 3; step++) trainer.step();
  const { policy } = trainer;
  const weights = policy.parameters.map(([numbers]) => numbers.slice());
  trainer.step();
  const draws = new Draws(SEED, STREAM, 1);
  const direction = weights.map((numbers) => draws.words(numbers.length).map((word) => (word & 1 ? 1 : -1)));
  let found = 0;
  policy.parameters.forEach(([, gradient], part) => {
    for (let n = 0; n < gradient.length; n++) found += gradient[n] * direction[part][n];
  });
  const responses = both(comparisons, Array.from({ length: count }, (_, row) => row));
  const expected = slope((distance) => {
    policy.parameters.forEach(([numbers], part) => {
      for (let n = 0; n < numbers.length; n++) numbers[n] = weights[part][n] + distance * direction[part][n];
    });
    const { sums } = responseValues(policy, responses);
    const pairs = {
      policyChosen: sums.subarray(0, count),
      policyRejected: sums.subarray(count),
      referenceChosen: trainer.referenceChosen,
      referenceRejected: trainer.referenceRejected,
      chosenLengths: new Float64Array(count).fill(5),
      rejectedLengths: new Float64Array(count).fill(5),
    };
    return mean(trainingLoss(lossType, pairs, beta, paramsOf(lossType)).losses);
  }, 1e-5);
  const place = () => "along a random direction";
  return furthest(`${lossType} at beta ${beta}, of weights`, [expected], [found], place, () => Math.abs(expected));
};

/** @param {import("../named/trained.js").Lab} lab in float64 @returns {import("./outcome.js").Kind} */
export const gradients = (lab) => ({
  title: "Gradients",
  unit: "relative",
  tolerance: 1e-7,
  checks: Object.keys(LOSSES).flatMap((lossType) =>
    BETAS.flatMap((beta) => [() => ofLogps(lossType, beta), () => ofWeights(lab, lossType, beta)]),
  ),
});
