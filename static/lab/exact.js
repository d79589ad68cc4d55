// Exact quantities over all 7,776 responses, as in app/lab/exact.py: by enumeration, never by sampling.
import { child, LENGTH, PHRASES, PREFIXES, RESPONSES, responseNumber, SLOTS } from "./world.js";

const EVERY_PREFIX = Uint16Array.from({ length: PREFIXES }, (_, prefix) => prefix);

/** Sum, for every response, a value of each phrase given the phrases before it.
 *  @param {Float64Array} next of the six phrases that can follow each prefix, in rows */
const sumAlongPrefixes = (next) => {
  const before = new Float64Array(PREFIXES);
  const sums = new Float64Array(RESPONSES);
  for (let prefix = 0; prefix < PREFIXES; prefix++) {
    const last = LENGTH[prefix] === SLOTS - 1;
    for (let phrase = 0; phrase < PHRASES; phrase++) {
      const sum = before[prefix] + next[prefix * PHRASES + phrase];
      if (last) sums[responseNumber(prefix, phrase)] = sum;
      else before[child(prefix, phrase)] = sum;
    }
  }
  return sums;
};

/** What a network says of every response in all: log pi(y|x) of a policy, the reward of a reward model.
 *  @param {{ forward: (prefixes: ArrayLike<number>) => Float64Array }} network with six values for each prefix */
export const ofAllResponses = (network) => sumAlongPrefixes(network.forward(EVERY_PREFIX));

/** KL(p || q) in nats, as a sum of terms that are never negative: p (exp(d) - 1 - d) with d = log q - log p.
 *  @param {Float64Array} logps @param {Float64Array} referenceLogps */
export const klDivergence = (logps, referenceLogps) =>
  logps.reduce((sum, logp, n) => {
    const difference = referenceLogps[n] - logp;
    const term = Math.exp(logp) * (Math.expm1(difference) - difference);
    return sum + (Number.isFinite(term) ? term : Math.exp(referenceLogps[n]));
  }, 0);

/** E of values under a distribution. @param {Float64Array} logps @param {Float64Array} values */
export const expectation = (logps, values) => logps.reduce((sum, logp, n) => sum + Math.exp(logp) * values[n], 0);

/** -sum_y p log p in nats. @param {Float64Array} logps */
export const entropy = (logps) => -logps.reduce((sum, logp) => (logp > -Infinity ? sum + Math.exp(logp) * logp : sum), 0);

/** log of the sum of exponentials. @param {Float64Array} values */
export const logSumExp = (values) => {
  const most = values.reduce((high, value) => Math.max(high, value), -Infinity);
  if (most === -Infinity) return most;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};
