// Values of phrases, summed over responses.
import { distinctPrefixes, PHRASES, SLOTS } from "./world.js";

/** What a network says of each phrase of some responses, given the phrases before it: the sum over each response, all that
 *  it said, and which of that the sums are of, in rows of five.
 *  @param {{ forward: (prefixes: number[]) => Float64Array }} network with six values for each prefix
 *  @param {Uint8Array} responses phrases, in rows of five */
export const responseValues = (network, responses) => {
  const { prefixes, rows } = distinctPrefixes(responses);
  const next = network.forward(prefixes);
  const places = rows.map((row, n) => row * PHRASES + responses[n]);
  const sums = new Float64Array(responses.length / SLOTS);
  places.forEach((place, n) => (sums[Math.floor(n / SLOTS)] += next[place]));
  return { sums, next, places };
};

/** @param {Float64Array} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
