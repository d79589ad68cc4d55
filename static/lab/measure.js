// A policy measured exactly, as in app/lab/measure.py.
import { expectation, klDivergence } from "./exact.js";

const ROUNDING = 1e-6;

/** @typedef {{ referenceLogps: Float64Array, trueQuality: Float64Array, frontier: import("./frontier.js").Frontier }} PromptFacts
 *  what is exact about a prompt, of all responses */

/** @typedef {{ kl: number, reward: number, trueQuality: number, entropy: number, favorite: number }} Measurement
 *  KL from the reference and entropy in nats, expected learned reward and true quality with 0 for the reference, and
 *  the number of the most probable response */

/** A policy was measured above the frontier, which is impossible: something is wrong. */
export class AboveFrontier extends Error {}

/** @param {Float64Array} logps log pi of all responses @param {PromptFacts} facts
 *  @param {Float64Array} learnedReward with mean 0 under the reference @returns {Measurement} */
export const measure = (logps, facts, learnedReward) => {
  const kl = klDivergence(logps, facts.referenceLogps);
  const trueQuality = expectation(logps, facts.trueQuality);
  if (trueQuality > facts.frontier.bound(kl) + ROUNDING) {
    throw new AboveFrontier(`true quality ${trueQuality} at KL ${kl} nats`);
  }
  return {
    kl,
    reward: expectation(logps, learnedReward),
    trueQuality,
    entropy: -logps.reduce((sum, logp) => (logp > -Infinity ? sum + Math.exp(logp) * logp : sum), 0),
    favorite: logps.reduce((best, logp, n) => (logp > logps[best] ? n : best), 0),
  };
};
