// Direct Preference Optimization on the comparisons of one prompt, as in app/lab/dpo.py: log-probabilities under the
// reference are computed once, each epoch reshuffles, and the learning rate falls linearly to zero.
import { Adam } from "./adam.js";
import { Draws } from "./draws.js";
import { trainingLoss } from "./losses.js";
import { PARAMETERS, Policy } from "./policy.js";
import { STREAM } from "./preferences.js";
import { distinctPrefixes, PHRASES, SLOTS } from "./world.js";

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
   *  @param {Policy} reference @param {import("./preferences.js").Comparisons} pairs @param {Partial<typeof DEFAULTS>} config */
  constructor(reference, pairs, config = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.pairs = pairs;
    this.count = pairs.chosen.length / SLOTS;
    this.policy = new Policy(reference.weights, reference.prompt);
    this.referenceChosen = responseLogps(reference, pairs.chosen).logps;
    this.referenceRejected = responseLogps(reference, pairs.rejected).logps;
    this.draws = new Draws(this.config.seed, STREAM.DPO);
    this.optimizer = new Adam(PARAMETERS);
    this.steps = 0;
    /** @type {number[]} what is left of the epoch */
    this.order = [];
  }

  /** One gradient step on the next batch. @returns {DPOStep} */
  step() {
    const { beta, labelSmoothing, learningRate, lossType } = this.config;
    const rows = this.nextBatch();
    const size = rows.length;
    const responses = new Uint8Array(2 * size * SLOTS);
    rows.forEach((row, n) => {
      responses.set(this.pairs.chosen.subarray(row * SLOTS, (row + 1) * SLOTS), n * SLOTS);
      responses.set(this.pairs.rejected.subarray(row * SLOTS, (row + 1) * SLOTS), (size + n) * SLOTS);
    });
    const { logps, places, next } = responseLogps(this.policy, responses);
    const batch = {
      policyChosen: logps.subarray(0, size),
      policyRejected: logps.subarray(size),
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
    this.optimizer.step(this.policy.weights, this.policy.gradient, learningRate * (1 - this.steps / this.config.steps));
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

  /** Which pairs come next; what is left over at the end of an epoch is not used. */
  nextBatch() {
    const size = Math.min(this.config.batchSize, this.count);
    if (this.order.length < size) this.order = this.draws.order(this.count);
    return this.order.splice(0, size);
  }
}

/** log pi(y|x) of responses, with what they are sums of: ``places`` in ``next``, in rows of five.
 *  @param {Policy} policy @param {Uint8Array} responses phrases, in rows of five */
const responseLogps = (policy, responses) => {
  const { prefixes, rows } = distinctPrefixes(responses);
  const next = policy.forward(prefixes);
  const places = rows.map((row, n) => row * PHRASES + responses[n]);
  const logps = new Float64Array(responses.length / SLOTS);
  places.forEach((place, n) => (logps[Math.floor(n / SLOTS)] += next[place]));
  return { logps, places, next };
};

/** @param {Float64Array} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
