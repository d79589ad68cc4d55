// app/lab/ppo.py: the configuration of PPO, and a trainer that takes it and counts.
import { PPOTrainer as Trainer } from "../ppo.js";
import { camelCased, dataclass } from "./python.js";

export const PPOConfig = dataclass({
  kl_coefficient: 0.2,
  learning_rate: 1e-3,
  clip_range: 0.2,
  iterations: 150,
  rollouts: 128,
  epochs: 2,
  minibatches: 2,
  value_coefficient: 0.5,
  value_clip_range: 0.5,
  gamma: 1,
  gae_lambda: 0.95,
  max_gradient_norm: 1,
  seed: 0,
});

/** @typedef {ReturnType<typeof PPOConfig>} Config */

export class PPOTrainer extends Trainer {
  /** @param {import("../policy.js").Policy} reference @param {{ forward: (prefixes: number[]) => Float64Array }} rewardModel
   *  @param {Config} config */
  constructor(reference, rewardModel, config) {
    super(reference, rewardModel, camelCased(config));
  }

  get responses_sampled() {
    return this.iterations * this.config.rollouts;
  }

  get gradient_steps() {
    const { epochs, minibatches, rollouts } = this.config;
    return this.iterations * epochs * Math.ceil(rollouts / Math.ceil(rollouts / minibatches));
  }
}
