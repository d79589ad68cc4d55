// app/lab/length.py: the words of each response, a judge whose labels like many of them, and the optimum for it.
import { expectation, klDivergence, logSumExp } from "../exact.js";
import { sigma } from "../losses.js";
import { numberOf, RESPONSES, responseOf, SLOTS } from "../world.js";
import { optimal_logps, optimal_logps_at } from "./optimum.js";
import { kept } from "./python.js";
import { the_lab } from "./trained.js";
import { the_world } from "./world.js";

/** Words between spaces of each response, the fewest and the most of them, and of each training pair how much more quality and
 *  how many more words the chosen response has. */
const wordsOf = kept((/** @type {number} */ prompt) => {
  const ofPhrase = the_world().prompts[prompt].phrases.map((slot) => slot.map(({ text }) => text.split(/\s+/).length));
  const counts = Float64Array.from({ length: RESPONSES }, (_, number) =>
    responseOf(number).reduce((sum, phrase, slot) => sum + ofPhrase[slot][phrase], 0),
  );
  const lab = the_lab();
  const quality = lab.facts(prompt).true_quality;
  const { chosen, rejected } = lab.comparisons(prompt, lab.seed);
  const pairs = Array.from({ length: chosen.length / SLOTS }, (_, n) => {
    const [one, other] = [chosen, rejected].map((phrases) => numberOf(phrases.subarray(n * SLOTS, (n + 1) * SLOTS)));
    return { quality: quality[one] - quality[other], words: counts[one] - counts[other] };
  });
  const fewest = counts.reduce((least, count) => Math.min(least, count), Infinity);
  const most = counts.reduce((high, count) => Math.max(high, count), 0);
  return { counts, fewest, most, pairs };
});

/** Probability of each number of words, from the fewest on. @param {number} prompt @param {Float64Array} logps */
const shares = (prompt, logps) => {
  const { counts, fewest, most } = wordsOf(prompt);
  const sums = Array(most - fewest + 1).fill(0);
  logps.forEach((logp, n) => (sums[counts[n] - fewest] += Math.exp(logp)));
  return sums;
};

/** The words of the reference. @param {number} prompt */
export const reference_words = (prompt) => {
  const { counts, fewest } = wordsOf(prompt);
  const reference = the_lab().facts(prompt).reference_logps;
  const ofReference = shares(prompt, reference);
  return { numbers: ofReference.map((_, n) => fewest + n), shares: ofReference, mean: expectation(reference, counts) };
};

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Optima that stay known while readers try strengths. */
const STATES_KEPT = 2048;

/** Of a judge with a taste for length: the share of labels that the taste flips, and how often the longer response is chosen.
 *  @type {(prompt: number, taste: number) => { flipped: number, longer: number }} */
export const tasted_labels = kept((/** @type {number} */ prompt, /** @type {number} */ taste) => {
  const { pairs } = wordsOf(prompt);
  const differ = pairs.filter(({ words }) => words !== 0);
  return {
    flipped: mean(pairs.map(({ quality, words }) => Math.abs(sigma(quality + taste * words) - sigma(quality)))),
    longer: mean(differ.map(({ quality, words }) => sigma(Math.sign(words) * (quality + taste * words)))),
  };
}, STATES_KEPT);

/** The optimum of r* + net * words, and the best policy at the same KL: without a taste, itself. */
export const optimum = kept((/** @type {number} */ prompt, /** @type {number} */ beta, /** @type {number} */ net) => {
  const { reference_logps: reference, true_quality: quality } = the_lab().facts(prompt);
  const { counts } = wordsOf(prompt);
  const tasted = quality.map((reward, n) => reward + net * counts[n]);
  const logps = optimal_logps(reference, tasted, beta);
  const kl = klDivergence(logps, reference);
  const best = net ? bestAt(reference, quality, kl) : logps;
  const [ofPolicy, ofBest] = [expectation(logps, quality), expectation(best, quality)];
  return {
    words: expectation(logps, counts),
    quality: ofPolicy,
    kl,
    best_words: expectation(best, counts),
    best_quality: ofBest,
    by_words: shares(prompt, logps),
    best_by_words: shares(prompt, best),
    lost: Math.max(0, ofBest - ofPolicy),
  };
}, STATES_KEPT);

/** log pi of the policy with most true quality of those at most this far from the reference: farther out than any optimum, all
 *  probability is on the best responses. @param {Float64Array} reference @param {Float64Array} quality @param {number} kl nats */
const bestAt = (reference, quality, kl) => {
  const found = optimal_logps_at(reference, quality, kl);
  if (found) return found;
  const highest = quality.reduce((most, value) => Math.max(most, value), -Infinity);
  const cut = reference.map((logp, n) => (quality[n] === highest ? logp : -Infinity));
  const total = logSumExp(cut);
  return cut.map((logp) => logp - total);
};
