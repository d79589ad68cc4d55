// app/lab/preferences.py: what Bradley-Terry makes of rewards.
import { logSigma, sigma } from "../losses.js";

/** P(first beats second). @param {Float64Array} first rewards @param {Float64Array} second */
export const bradley_terry = (first, second) => first.map((reward, n) => sigma(reward - second[n]));

/** Of each pair the margin, the probability of its label, the loss in nats, and its derivatives by both rewards.
 *  @param {number[]} chosen rewards @param {number[]} rejected */
export const reward_gaps = (chosen, rejected) => {
  const margins = chosen.map((reward, n) => reward - rejected[n]);
  return {
    margins,
    probabilities: margins.map(sigma),
    losses: margins.map((margin) => -logSigma(margin)),
    chosen_slopes: margins.map((margin) => -sigma(-margin)),
    rejected_slopes: margins.map((margin) => sigma(-margin)),
  };
};
