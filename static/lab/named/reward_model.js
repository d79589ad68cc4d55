// app/lab/reward_model.py: the kinds of reward model, and how they are fitted.
import { fitRewardModel } from "../reward_model.js";
import { dataclass } from "./python.js";

/** @typedef {import("../reward_model.js").RewardKind} Kind */

export const RewardKind = Object.freeze({
  additive: "additive",
  network: "network",
  /** The values. @returns {Iterator<Kind>} */
  [Symbol.iterator]: () => /** @type {Kind[]} */ (["additive", "network"]).values(),
});

export const RewardModelConfig = dataclass({
  steps: 0,
  learning_rate: 0,
  /** @type {number | null} all pairs */
  batch_size: null,
  decay: 1e-3,
});

/** Fit a reward model to the comparisons of one prompt. The model, and a row for each step.
 *  @param {Kind} kind @param {import("../policy.js").Policy} reference
 *  @param {import("../preferences.js").Comparisons} pairs @param {number} seed
 *  @returns {[import("../reward_model.js").RewardModel, import("../reward_model.js").RewardModelStep[]]} */
export const train_reward_model = (kind, reference, pairs, seed) => {
  const fit = fitRewardModel(kind, reference, pairs, seed);
  const steps = [];
  let next = fit.next();
  for (; !next.done; next = fit.next()) steps.push(next.value);
  return [next.value, steps];
};
