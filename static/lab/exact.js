// Exact quantities over all 7,776 responses, as in app/lab/exact.py: by enumeration, never by sampling.
import { child, LENGTH, PHRASES, PREFIXES, RESPONSES, responseNumber, SLOTS } from "./world.js";

const EVERY_PREFIX = Uint16Array.from({ length: PREFIXES }, (_, prefix) => prefix);

/** log pi(y|x) in nats of every response. @param {import("./policy.js").Policy} policy */
export const exactLogps = (policy) => {
  const next = policy.forward(EVERY_PREFIX);
  const before = new Float64Array(PREFIXES);
  const logps = new Float64Array(RESPONSES);
  for (let prefix = 0; prefix < PREFIXES; prefix++) {
    const last = LENGTH[prefix] === SLOTS - 1;
    for (let phrase = 0; phrase < PHRASES; phrase++) {
      const sum = before[prefix] + next[prefix * PHRASES + phrase];
      if (last) logps[responseNumber(prefix, phrase)] = sum;
      else before[child(prefix, phrase)] = sum;
    }
  }
  return logps;
};

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
