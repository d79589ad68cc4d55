// app/lab/certain_pair.py: one pair that is always labeled the same, and what each loss makes of it.
import { Adam } from "../adam.js";
import { BASELINES, LOSSES, trainingLoss } from "../losses.js";

/** Probabilities of the chosen, the rejected and all other responses at the start. */
const REFERENCE = [0.3, 0.3, 0.4];

/** Length of each response. */
export const TOKENS = 5;
export const STEPS = 600;
const LEARNING_RATE = 0.05;

/** By loss the gap of log-ratios in nats after each step, from 0 on, and the probabilities of chosen, rejected and others at the
 *  end. @param {number} beta @param {number} steps */
export const train_certain_pair = (beta, steps = STEPS) => {
  /** @type {Map<string, number[]>} */
  const gaps = new Map();
  /** @type {Map<string, number[]>} */
  const probabilities = new Map();
  for (const name of Object.keys(LOSSES).filter((one) => !BASELINES.has(one))) {
    const logits = Float64Array.from(REFERENCE, Math.log);
    const gradient = new Float64Array(logits.length);
    const optimizer = new Adam([[logits, gradient]]);
    const course = [gapOf(logits)];
    for (let step = 0; step < steps; step++) {
      fill(gradient, name, logits, beta);
      optimizer.step(LEARNING_RATE);
      course.push(gapOf(logits));
    }
    gaps.set(name, course);
    probabilities.set(name, softmax(logits));
  }
  return { gaps, probabilities };
};

/** The reference prefers neither, and a difference of log-probabilities is one of logits. @param {Float64Array} logits */
const gapOf = ([chosen, rejected]) => chosen - rejected;

/** @param {Float64Array} logits */
const softmax = (logits) => {
  const parts = Array.from(logits, (logit) => Math.exp(logit - Math.max(...logits)));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
};

/** The gradient of a loss by the logits. @param {Float64Array} gradient @param {string} name @param {Float64Array} logits
 *  @param {number} beta */
const fill = (gradient, name, logits, beta) => {
  const most = Math.max(...logits);
  const logSum = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  const pair = {
    policyChosen: [logits[0] - logSum],
    policyRejected: [logits[1] - logSum],
    referenceChosen: [Math.log(REFERENCE[0])],
    referenceRejected: [Math.log(REFERENCE[1])],
    chosenLengths: [TOKENS],
    rejectedLengths: [TOKENS],
  };
  const { chosen, rejected } = trainingLoss(name, pair, beta);
  const slopes = [chosen[0], rejected[0], 0];
  logits.forEach((logit, n) => (gradient[n] = slopes[n] - (chosen[0] + rejected[0]) * Math.exp(logit - logSum)));
};
