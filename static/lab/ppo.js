// Proximal Policy Optimization (arXiv 1707.06347) on a learned reward, as in app/lab/ppo.py: rollouts pay a KL penalty on
// each phrase and earn the reward with the last; advantages by GAE (arXiv 1506.02438); clipped losses of policy and value.
import { Adam } from "./adam.js";
import { Draws } from "./draws.js";
import { ValueModel } from "./policy.js";
import { STREAM } from "./preferences.js";
import { mean, responseValues } from "./responses.js";
import { distinctPrefixes, PHRASES, SLOTS } from "./world.js";

/** @typedef {import("./matrix.js").Numbers} Numbers */

/** Hyperparameters, with the defaults of the lab. */
const DEFAULTS = {
  klCoefficient: 0.2,
  learningRate: 1e-3,
  clipRange: 0.2,
  iterations: 150,
  /** responses sampled in an iteration */
  rollouts: 128,
  epochs: 2,
  minibatches: 2,
  valueCoefficient: 0.5,
  valueClipRange: 0.5,
  gamma: 1,
  gaeLambda: 0.95,
  maxGradientNorm: 1,
  seed: 0,
};

/** All in rows of five. @typedef {{ responses: Uint8Array, logps: Float64Array, values: Float64Array,
 *    advantages: Float64Array, returns: Float64Array }} Rollouts */

/** The share of clipped ratios, and the losses, means over the updates of an iteration.
 *  @typedef {{ iteration: number, clipFraction: number, policyLoss: number, valueLoss: number }} PPOIteration */

export class PPOTrainer {
  /** Trains a copy of the reference.
   *  @param {import("./policy.js").Policy} reference
   *  @param {{ forward: (prefixes: number[]) => Float64Array }} rewardModel @param {Partial<typeof DEFAULTS>} config */
  constructor(reference, rewardModel, config = {}) {
    this.config = { ...DEFAULTS, ...config };
    this.reference = reference;
    this.rewardModel = rewardModel;
    this.policy = reference.copy();
    this.valueModel = new ValueModel(reference.trunk.weights, reference.prompt, reference.arithmetic);
    this.draws = new Draws(this.config.seed, STREAM.PPO);
    this.parameters = [...this.policy.parameters, ...this.valueModel.parameters];
    this.optimizer = new Adam(this.parameters, 1e-5, reference.arithmetic);
    this.iterations = 0;
  }

  /** One iteration: sample rollouts, then update both networks on them. @returns {PPOIteration} */
  step() {
    const { epochs, iterations, learningRate, minibatches, rollouts } = this.config;
    const rate = learningRate * (1 - this.iterations / iterations);
    const collected = this.collect();
    const size = Math.ceil(rollouts / minibatches);
    /** @type {number[][]} */
    const done = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = this.draws.order(rollouts);
      for (let start = 0; start < rollouts; start += size) {
        done.push(this.update(some(collected, order.slice(start, start + size)), rate));
      }
    }
    this.iterations++;
    const over = (/** @type {number} */ which) => mean(Float64Array.from(done, (each) => each[which]));
    return { iteration: this.iterations, clipFraction: over(0), policyLoss: over(1), valueLoss: over(2) };
  }

  /** Rollouts with their advantages and returns. @returns {Rollouts} */
  collect() {
    const { gaeLambda, gamma, klCoefficient, rollouts } = this.config;
    const { responses, phraseLogps: logps } = this.policy.sample(rollouts, this.draws);
    const { prefixes, rows } = distinctPrefixes(responses);
    const ofPrefixes = this.valueModel.forward(prefixes);
    const values = Float64Array.from(rows, (row) => ofPrefixes[row]);
    const rewards = responseValues(this.rewardModel, responses).sums;
    const { next, places } = responseValues(this.reference, responses);
    const advantages = new Float64Array(values.length);
    for (let response = 0; response < rollouts; response++) {
      let following = 0;
      let nextValue = 0;
      for (let slot = SLOTS - 1; slot >= 0; slot--) {
        const at = response * SLOTS + slot;
        const reward = -klCoefficient * (logps[at] - next[places[at]]) + (slot === SLOTS - 1 ? rewards[response] : 0);
        following = reward + gamma * nextValue - values[at] + gamma * gaeLambda * following;
        advantages[at] = following;
        nextValue = values[at];
      }
    }
    return { responses, logps, values, advantages, returns: advantages.map((advantage, at) => advantage + values[at]) };
  }

  /** One gradient step on a minibatch. @param {Rollouts} batch @param {number} rate
   *  @returns {[clipFraction: number, policyLoss: number, valueLoss: number]} */
  update(batch, rate) {
    const losses = this.setGradients(batch);
    clipNorm(
      this.parameters.map(([, gradient]) => gradient),
      this.config.maxGradientNorm,
    );
    this.optimizer.step(rate);
    return losses;
  }

  /** Sets the gradients of both networks to those of their clipped losses. @param {Rollouts} batch
   *  @returns {[clipFraction: number, policyLoss: number, valueLoss: number]} */
  setGradients(batch) {
    const { clipRange, valueClipRange, valueCoefficient } = this.config;
    const count = batch.advantages.length;
    const { prefixes, rows } = distinctPrefixes(batch.responses);
    const logps = this.policy.forward(prefixes);
    const values = this.valueModel.forward(prefixes);
    const advantages = standardized(batch.advantages);
    const dLogps = new Float64Array(logps.length);
    const dValues = new Float64Array(values.length);
    let [clipped, policyLoss, valueLoss] = [0, 0, 0];
    for (let n = 0; n < count; n++) {
      const place = rows[n] * PHRASES + batch.responses[n];
      const ratio = Math.exp(logps[place] - batch.logps[n]);
      const inside = Math.min(Math.max(ratio, 1 - clipRange), 1 + clipRange);
      const unclipped = ratio * advantages[n];
      policyLoss -= Math.min(unclipped, inside * advantages[n]) / count;
      clipped += Math.abs(ratio - 1) > clipRange ? 1 / count : 0;
      // Beyond the range the clipped term is constant.
      if (unclipped <= inside * advantages[n]) dLogps[place] -= unclipped / count;

      const change = values[rows[n]] - batch.values[n];
      const error = values[rows[n]] - batch.returns[n];
      const near = batch.values[n] + Math.min(Math.max(change, -valueClipRange), valueClipRange) - batch.returns[n];
      valueLoss += (0.5 * Math.max(error ** 2, near ** 2)) / count;
      // Within the range both errors are the same but for rounding.
      if (Math.abs(change) <= valueClipRange || error ** 2 >= near ** 2) dValues[rows[n]] += (valueCoefficient * error) / count;
    }
    this.policy.backward(dLogps);
    this.valueModel.backward(dValues);
    return [clipped, policyLoss, valueLoss];
  }
}

/** @param {Rollouts} rollouts @param {number[]} order @returns {Rollouts} */
const some = ({ responses, logps, values, advantages, returns }, order) => {
  const at = order.flatMap((response) => Array.from({ length: SLOTS }, (_, slot) => response * SLOTS + slot));
  const numbers = (/** @type {Float64Array} */ all) => Float64Array.from(at, (n) => all[n]);
  return {
    responses: Uint8Array.from(at, (n) => responses[n]),
    logps: numbers(logps),
    values: numbers(values),
    advantages: numbers(advantages),
    returns: numbers(returns),
  };
};

/** Mean 0 and standard deviation 1 (with n - 1). @param {Float64Array} values */
const standardized = (values) => {
  const center = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  return values.map((value) => (value - center) / (Math.sqrt(variance) + 1e-8));
};

/** Scales gradients down to a norm of at most so much in all. @param {Numbers[]} gradients @param {number} most */
const clipNorm = (gradients, most) => {
  let squares = 0;
  for (const gradient of gradients) {
    for (let n = 0; n < gradient.length; n++) squares += gradient[n] * gradient[n];
  }
  const scale = Math.min(1, most / (Math.sqrt(squares) + 1e-6));
  if (scale === 1) return;
  for (const gradient of gradients) {
    for (let n = 0; n < gradient.length; n++) gradient[n] *= scale;
  }
};
