// Labeled pairs, drawn as app/lab/preferences.py draws them.
import { numberOf, SLOTS } from "./world.js";

/** @typedef {{ chosen: Uint8Array, rejected: Uint8Array }} Comparisons phrases, in rows of five */

/** Whose numbers are those of app/lab/draws.py's Stream. */
export const STREAM = { COMPARISONS: 3, DPO: 4, REWARD_MODEL: 5, PPO: 6, LABELED_PAIRS: 7, EXAMPLE: 8, DERIVATION: 9, QUIZ: 10 };

/** Draw labeled pairs; both responses come from one policy.
 *  @param {import("./policy.js").Policy} policy @param {Float64Array} quality r* of all responses
 *  @param {number} count @param {import("./draws.js").Draws} draws @returns {Comparisons} */
export const sampleComparisons = (policy, quality, count, draws) => {
  const first = policy.sample(count, draws).responses;
  const second = policy.sample(count, draws).responses;
  const uniform = draws.uniform(count);
  const chosen = new Uint8Array(count * SLOTS);
  const rejected = new Uint8Array(count * SLOTS);
  for (let n = 0; n < count; n++) {
    const one = first.subarray(n * SLOTS, (n + 1) * SLOTS);
    const other = second.subarray(n * SLOTS, (n + 1) * SLOTS);
    const margin = quality[numberOf(one)] - quality[numberOf(other)];
    const firstWins = uniform[n] < 1 / (1 + Math.exp(-margin));
    chosen.set(firstWins ? one : other, n * SLOTS);
    rejected.set(firstWins ? other : one, n * SLOTS);
  }
  return { chosen, rejected };
};

/** Some of the pairs: chosen responses, then rejected ones. @param {Comparisons} pairs @param {number[]} rows */
export const both = ({ chosen, rejected }, rows) => {
  const responses = new Uint8Array(2 * rows.length * SLOTS);
  rows.forEach((row, n) => {
    responses.set(chosen.subarray(row * SLOTS, (row + 1) * SLOTS), n * SLOTS);
    responses.set(rejected.subarray(row * SLOTS, (row + 1) * SLOTS), (rows.length + n) * SLOTS);
  });
  return responses;
};

/** Rows of whole batches without end, in a new order each epoch; what is left over is not used.
 *  @param {number} count of pairs @param {number} size @param {import("./draws.js").Draws} draws */
export function* batches(count, size, draws) {
  const whole = Math.min(size, count);
  for (;;) {
    const order = draws.order(count);
    for (let start = 0; start + whole <= count; start += whole) yield order.slice(start, start + whole);
  }
}
