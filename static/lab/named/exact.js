// app/lab/exact.py: exact quantities over all 7,776 responses.
import { logSumExp } from "../exact.js";
import { numberOf, PHRASES, SLOTS } from "../world.js";

// A policy here has one prompt, so that ``exact_logps`` needs no other.
export { entropy, expectation, klDivergence as kl_divergence, ofAllResponses as exact_logps } from "../exact.js";

/** log p of each phrase of some responses, given the phrases before it, for any distribution over responses.
 *  @param {Float64Array} logps of all responses @param {ArrayLike<number>[]} responses */
export const phrase_logps = (logps, responses) =>
  responses.map((response) => {
    const number = numberOf(response);
    const ofPrefixes = Array.from({ length: SLOTS + 1 }, (_, length) => {
      const each = PHRASES ** (SLOTS - length);
      const first = number - (number % each);
      return logSumExp(logps.subarray(first, first + each));
    });
    return ofPrefixes.slice(1).map((logp, slot) => logp - ofPrefixes[slot]);
  });
