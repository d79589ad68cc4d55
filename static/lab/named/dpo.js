// app/lab/dpo.py: the configuration of DPO, and a trainer that takes it.
import { DPOTrainer as Trainer } from "../dpo.js";
import { camelCased, dataclass } from "./python.js";

export const DPOConfig = dataclass({
  beta: 0.3,
  learning_rate: 2e-3,
  batch_size: 128,
  steps: 400,
  loss_type: "sigmoid",
  label_smoothing: 0,
  seed: 0,
});

/** @typedef {ReturnType<typeof DPOConfig>} Config */

export class DPOTrainer extends Trainer {
  /** @param {import("../policy.js").Policy} reference @param {import("../preferences.js").Comparisons} pairs
   *  @param {Config} config */
  constructor(reference, pairs, config) {
    super(reference, pairs, camelCased(config));
  }

  get gradient_steps() {
    return this.steps;
  }
}

/** The policy after all steps. @param {import("../policy.js").Policy} reference
 *  @param {import("../preferences.js").Comparisons} pairs @param {Config} config */
export const train_dpo = (reference, pairs, config) => {
  const trainer = new DPOTrainer(reference, pairs, config);
  while (trainer.gradient_steps < config.steps) trainer.step();
  return trainer.policy;
};
