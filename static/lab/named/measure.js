// app/lab/measure.py: a policy measured exactly.
import { entropy, expectation, klDivergence } from "../exact.js";
import { responseOf } from "../world.js";

const ROUNDING = 1e-6;

/** What is exact about a prompt, of all responses.
 *  @typedef {{ reference_logps: Float64Array, true_quality: Float64Array, frontier: { bound: (kl: number) => number } }} Facts */

/** KL from the reference and entropy in nats, expected learned reward and true quality with 0 for the reference, and the
 *  phrases of the most probable response.
 *  @typedef {{ kl: number, reward: number, true_quality: number, entropy: number, favorite: number[] }} Measurement */

/** A policy was measured above the frontier, which is impossible: something is wrong. */
export class AboveFrontier extends Error {}

/** @param {Float64Array} logps log pi of all responses @param {Facts} facts
 *  @param {Float64Array} learnedReward with mean 0 under the reference @returns {Measurement} */
export const measure = (logps, facts, learnedReward) => {
  const kl = klDivergence(logps, facts.reference_logps);
  const trueQuality = expectation(logps, facts.true_quality);
  if (trueQuality > facts.frontier.bound(kl) + ROUNDING) {
    throw new AboveFrontier(`true quality ${trueQuality} at KL ${kl} nats`);
  }
  return {
    kl,
    reward: expectation(logps, learnedReward),
    true_quality: trueQuality,
    entropy: entropy(logps),
    favorite: responseOf(logps.reduce((best, logp, n) => (logp > logps[best] ? n : best), 0)),
  };
};
