// app/lab/optima.py: the optimum of a reward on one prompt, told in numbers.
import { entropy, expectation, klDivergence } from "../exact.js";
import { PHRASES, responseOf, SLOTS } from "../world.js";
import { phrase_logps } from "./exact.js";
import { log_partition, optimal_logps } from "./optimum.js";
import { kept } from "./python.js";
import { evenQuantiles, massAbove, quantile } from "./quantiles.js";
import { the_lab } from "./trained.js";

/** @typedef {import("./reward_model.js").Kind} Kind */

const CURVE_BETAS = Array.from({ length: 61 }, (_, n) => 10 ** (n / 20 - 2));
const LISTED = 3;
/** Of a distribution, each of the same probability. */
export const PARTS = 100;
const TOP = 0.99;

/** The reference and a reward of all responses: that of a reward model, or true quality.
 *  @param {number} prompt @param {Kind | null} learned */
const given = (prompt, learned) => {
  const { reference_logps: reference, true_quality: quality, learned_rewards: rewards } = the_lab().facts(prompt);
  return { reference, quality, reward: learned ? /** @type {Float64Array} */ (rewards.get(learned)) : quality };
};

/** What optima of a reward are compared with. */
export const reference_numbers = kept((/** @type {number} */ prompt, /** @type {Kind | null} */ learned) => {
  const { reference, reward } = given(prompt, learned);
  return {
    shares: phraseMarginals(reference),
    rewards: evenQuantiles(reference, reward, PARTS),
    top: quantile(reference, reward, TOP),
    highest: reward.reduce((high, value) => Math.max(high, value), -Infinity),
  };
});

/** The optimum along beta. */
export const beta_points = kept((/** @type {number} */ prompt, /** @type {Kind | null} */ learned) => {
  const { reference, quality, reward } = given(prompt, learned);
  return CURVE_BETAS.map((beta) => {
    const optimal = optimal_logps(reference, reward, beta);
    return {
      beta,
      kl: klDivergence(optimal, reference),
      expected_reward: expectation(optimal, reward),
      true_quality: expectation(optimal, quality),
    };
  });
});

/** The optimum at each of several betas. @param {number} prompt @param {Kind | null} learned @param {number[]} betas */
export const optima = (prompt, learned, betas) => {
  const { reference, quality, reward } = given(prompt, learned);
  const { top } = reference_numbers(prompt, learned);
  return betas.map((beta) => {
    const optimal = optimal_logps(reference, reward, beta);
    const favorite = optimal.reduce((best, logp, n) => (logp > optimal[best] ? n : best), 0);
    const gains = optimal.map((logp, n) => Math.exp(logp) - Math.exp(reference[n]));
    const order = Uint16Array.from(gains, (_, n) => n).sort((one, other) => gains[other] - gains[one]);
    /** @param {number} number */
    const moved = (number) => {
      const phrases = responseOf(number);
      const [[before], [after]] = [reference, optimal].map((logps) => phrase_logps(logps, [phrases]));
      return {
        phrases,
        log_ratios: after.map((logp, slot) => logp - before[slot]),
        reference_probability: Math.exp(reference[number]),
        probability: Math.exp(optimal[number]),
        reward: reward[number],
        true_quality: quality[number],
      };
    };
    return {
      kl: klDivergence(optimal, reference),
      expected_reward: expectation(optimal, reward),
      true_quality: expectation(optimal, quality),
      log_partition: log_partition(reference, reward, beta),
      effective_responses: Math.exp(entropy(optimal)),
      beyond_reference: massAbove(optimal, reward, top),
      favorite: responseOf(favorite),
      favorite_probability: Math.exp(optimal[favorite]),
      gaining: Array.from(order.subarray(0, LISTED), moved),
      losing: Array.from(order.subarray(-LISTED).reverse(), moved),
      shares: phraseMarginals(optimal),
      rewards: evenQuantiles(optimal, reward, PARTS),
    };
  });
};

/** How often each phrase is said in its slot, by slot. @param {Float64Array} logps of all responses */
const phraseMarginals = (logps) => {
  const shares = Array.from({ length: SLOTS }, () => Array(PHRASES).fill(0));
  logps.forEach((logp, number) => {
    responseOf(number).forEach((phrase, slot) => (shares[slot][phrase] += Math.exp(logp)));
  });
  return shares;
};

/** Rewards at the middle of even bins, and their probability under the reference and the optimum.
 *  @param {number} prompt @param {Kind | null} learned @param {number} beta @param {number} bins */
export const reward_histogram = (prompt, learned, beta, bins) => {
  const { reference, reward } = given(prompt, learned);
  const low = reward.reduce((least, value) => Math.min(least, value), Infinity);
  const { highest } = reference_numbers(prompt, learned);
  const masses = [reference, optimal_logps(reference, reward, beta)].map((logps) => {
    const mass = Array(bins).fill(0);
    logps.forEach((logp, n) => {
      mass[Math.min(Math.trunc(((reward[n] - low) / (highest - low)) * bins), bins - 1)] += Math.exp(logp);
    });
    return mass;
  });
  return [Array.from({ length: bins }, (_, n) => low + ((highest - low) * (n + 0.5)) / bins), ...masses];
};
