// app/lab/race.py: DPO and RLHF trained side by side from the same comparisons, measured exactly as they go.
import { DPOConfig } from "./dpo.js";
import { DPOPipeline, RLHFPipeline } from "./pipelines.js";
import { PPOConfig } from "./ppo.js";
import { named } from "./python.js";
import { RunCache } from "./run_cache.js";
import { the_lab } from "./trained.js";

/** @typedef {import("./reward_model.js").Kind} Kind */

/** How often each policy is measured: after every fiftieth part of its training. */
export const LEGS = 50;

/** One pipeline after another part of its training; leg 0 is the reference policy. */
class Leg {
  /** @param {DPOPipeline | RLHFPipeline} runner @param {number} leg @param {import("./measure.js").Measurement} measured
   *  @param {Float64Array | null} logps log pi of all responses, null but in the last leg */
  constructor(runner, leg, measured, logps) {
    this.method = runner.method;
    this.leg = leg;
    this.measured = measured;
    this.gradient_steps = runner.gradient_steps;
    this.samples_generated = runner.samples_generated;
    /** of training, including the reward model, without measurements */
    this.seconds = runner.seconds;
    this.wall_seconds = runner.wall_seconds;
    this.networks = runner.networks;
    this.logps = logps;
  }

  /** Parameters of all networks together. */
  get parameters_in_memory() {
    return this.networks.reduce((sum, network) => sum + network.parameters, 0);
  }
}

/** Train both pipelines, a leg of each in turn, DPO first.
 *  @param {import("./pipelines.js").Lab} lab @param {number} prompt @param {import("./dpo.js").Config} dpo
 *  @param {import("./ppo.js").Config} ppo @param {Kind} rewardModel @param {number} legs
 *  @returns {Generator<Leg, void, void>} */
export function* race(lab, prompt, dpo, ppo, rewardModel, legs = LEGS) {
  const rlhf = new RLHFPipeline(lab, prompt, ppo, rewardModel);
  const runners = [new DPOPipeline(lab, prompt, dpo), rlhf];
  const learnedReward = rlhf.learned_reward;
  for (let leg = 0; leg <= legs; leg++) {
    for (const runner of runners) {
      runner.train_to(leg / legs);
      const [measured, logps] = runner.measure(learnedReward);
      yield new Leg(runner, leg, measured, leg === legs ? logps : null);
    }
  }
}

/** @type {RunCache<Leg>} */
const races = new RunCache(32);

/** The race on the open lab, leg by leg as it runs; one that is kept comes at once. */
export const race_legs = named(
  ["prompt", "seed", "dpo_beta", "kl_coefficient", "reward_model"],
  /** @param {number} prompt @param {number} seed @param {number} dpoBeta @param {number} klCoefficient @param {Kind} rewardModel */
  (prompt, seed, dpoBeta, klCoefficient, rewardModel) => {
    const dpo = { ...DPOConfig(), beta: dpoBeta, seed };
    const ppo = { ...PPOConfig(), kl_coefficient: klCoefficient, seed };
    return races.rows([prompt, dpo, ppo, rewardModel], () => race(the_lab(), prompt, dpo, ppo, rewardModel));
  },
);
