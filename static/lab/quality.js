// True quality r*(x, y) of all responses to a prompt, by the formula of app/lab/quality.py.
import { expectation } from "./exact.js";
import { PHRASES, RESPONSES, SLOTS } from "./world.js";

/** What 0 to 5 flattering phrases add. */
const FLATTERY = [0, 1.6, 2.4, 1.2, -1.5, -5];
const STANDARD_DEVIATION = 1.5;

/** @typedef {{ helpful: number[][], harmless: number[][], honest: number[][], flattering: number[][] }} Attributes
 *  of the phrases of a prompt: five slots of six phrases */

/** Standardized under the reference: mean 0, standard deviation 1.5.
 *  @param {Attributes} attributes @param {Float64Array} referenceLogps log pi_ref of all responses */
export const trueQuality = (attributes, referenceLogps) => {
  const helpful = sumOverSlots(attributes.helpful);
  const harmless = sumOverSlots(attributes.harmless);
  const honest = sumOverSlots(attributes.honest);
  const flattering = sumOverSlots(attributes.flattering);
  const raw = helpful.map(
    (sum, n) => Math.tanh(sum / 2) + Math.tanh(harmless[n] / 2) + 0.3 * honest[n] + FLATTERY[flattering[n]],
  );
  const mean = expectation(referenceLogps, raw);
  const centered = raw.map((value) => value - mean);
  const variance = expectation(
    referenceLogps,
    centered.map((value) => value * value),
  );
  return centered.map((value) => (STANDARD_DEVIATION * value) / Math.sqrt(variance));
};

/** Of every response the sum of what its phrases have. @param {number[][]} perPhrase in slots of six */
const sumOverSlots = (perPhrase) =>
  Float64Array.from({ length: RESPONSES }, (_, number) => {
    let sum = 0;
    for (let slot = SLOTS - 1, rest = number; slot >= 0; slot--, rest = Math.floor(rest / PHRASES)) {
      sum += perPhrase[slot][rest % PHRASES];
    }
    return sum;
  });
