// Direct Preference Optimization on the comparisons of one prompt, as in app/lab/dpo.py: log-probabilities under the
// reference are computed once, each epoch reshuffles, and the learning rate falls linearly to zero.
import { Adam } from "./adam.js";
import { Draws } from "./draws.js";
import { trainingLoss } from "./losses.js";
import { batches, both, STREAM } from "./preferences.js";
import { mean, responseValues } from "./responses.js";
import { SLOTS } from "./world.js";

/** Hyperparameters, with the defaults of the lab. */
const DEFAULTS = {
  beta: 0.3,
  learningRate: 2e-3,
  batchSize: 128,
  steps: 400,
  lossType: "sigmoid",
  labelSmoothing: 0,
  seed: 0,
};

/** @typedef {{ step: number, loss: number, margin: number, accuracy: number, chosenLogps: number, rejectedLogps: number }} DPOStep
 *  means over a batch: the loss, the difference of implicit rewards, the share of pairs with a positive one, and log
 *  pi_theta(y|x) in nats */

export class DPOTrainer {
  /** Trains a copy of the reference.
   *  @param {import("./policy.js").Policy} reference @param {import("./preferences.js").Comparisons} pairs @param {Partial<typeof DEFAULTS>} config */
  constructor(reference, pairs, config = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.pairs = pairs;
    this.policy = reference.copy();
    this.referenceChosen = logpsOf(reference, pairs.chosen);
    this.referenceRejected = logpsOf(reference, pairs.rejected);
    const draws = new Draws(this.config.seed, STREAM.DPO);
    this.batches = batches(pairs.chosen.length / SLOTS, this.config.batchSize, draws);
    this.optimizer = new Adam(this.policy.parameters, 1e-8, reference.arithmetic);
    this.steps = 0;
  }

  /** One gradient step on the next batch. @returns {DPOStep} */
  step() {
    const { beta, labelSmoothing, learningRate, lossType } = this.config;
    const rows = /** @type {number[]} */ (this.batches.next().value);
    const size = rows.length;
    const { sums, next, places } = responseValues(this.policy, both(this.pairs, rows));
    const batch = {
      policyChosen: sums.subarray(0, size),
      policyRejected: sums.subarray(size),
      referenceChosen: Float64Array.from(rows, (row) => this.referenceChosen[row]),
      referenceRejected: Float64Array.from(rows, (row) => this.referenceRejected[row]),
      chosenLengths: new Float64Array(size).fill(SLOTS),
      rejectedLengths: new Float64Array(size).fill(SLOTS),
    };
    const { losses, chosen, rejected } = trainingLoss(lossType, batch, beta, { labelSmoothing });
    const derivatives = new Float64Array(next.length);
    places.forEach((place, n) => {
      const response = Math.floor(n / SLOTS);
      derivatives[place] += (response < size ? chosen[response] : rejected[response - size]) / size;
    });
    this.policy.backward(derivatives);
    this.optimizer.step(learningRate * (1 - this.steps / this.config.steps));
    this.steps++;
    const margins = batch.policyChosen.map(
      (logp, n) => beta * (logp - batch.referenceChosen[n] - (batch.policyRejected[n] - batch.referenceRejected[n])),
    );
    return {
      step: this.steps,
      loss: mean(losses),
      margin: mean(margins),
      accuracy: margins.filter((margin) => margin > 0).length / size,
      chosenLogps: mean(batch.policyChosen),
      rejectedLogps: mean(batch.policyRejected),
    };
  }
}

/** log pi(y|x). @param {import("./policy.js").Policy} policy @param {Uint8Array} responses phrases, in rows of five */
const logpsOf = (policy, responses) => responseValues(policy, responses).sums;
