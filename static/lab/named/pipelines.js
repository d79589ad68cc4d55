// app/lab/pipelines.py: RLHF and DPO on the same comparisons, trained part by part, with everything they take counted.
import { ofAllResponses } from "../exact.js";
import { OF_A_HEAD } from "../policy.js";
import { PARAMETERS as OF_A_TRUNK } from "../trunk.js";
import { PROMPTS } from "../world.js";
import { DPOConfig, DPOTrainer } from "./dpo.js";
import { measure } from "./measure.js";
import { PPOConfig, PPOTrainer } from "./ppo.js";
import { RewardModelConfig, train_reward_model } from "./reward_model.js";
import { SFTConfig } from "./sft.js";
import { Stopwatch } from "./stopwatch.js";
import { centered_rewards } from "./trained.js";

/** @typedef {ReturnType<typeof import("./trained.js").the_lab>} Lab */

/** A network in memory while a pipeline trains its policy.
 *  @typedef {{ role: string, parameters: number, trained: boolean }} NetworkInMemory */

/** Of a policy for all prompts, as torch has it; trainers here have the part for one. */
const OF_A_POLICY = PROMPTS * OF_A_HEAD + OF_A_TRUNK;

/** Hyperparameters by name, as stage.field; a seed is not one. @param {Record<string, { params: string[] }>} configurations */
const hyperparameterNames = (configurations) =>
  Object.entries(configurations).flatMap(([stage, { params }]) =>
    params.filter((name) => name !== "seed").map((name) => `${stage}.${name}`),
  );

/** @param {{ parameters: [import("../matrix.js").Numbers, import("../matrix.js").Numbers][] }} network */
const parameterCount = (network) => network.parameters.reduce((sum, [weights]) => sum + weights.length, 0);

/** A pipeline after the SFT that both share. Its comparisons are drawn with its own seed. */
class Pipeline {
  /** @param {Lab} lab @param {number} prompt */
  constructor(lab, prompt) {
    this.lab = lab;
    this.prompt = prompt;
    this.watch = new Stopwatch();
    /** @type {NetworkInMemory[]} networks in memory while the policy is trained */
    this.networks = [];
    /** of all networks */
    this.gradient_steps = 0;
    /** responses sampled from the policy so far */
    this.samples_generated = 0;
  }

  /** Of training so far, without measurements. */
  get seconds() {
    return this.watch.seconds;
  }

  get wall_seconds() {
    return this.watch.wall_seconds;
  }

  get reference() {
    return this.lab.reference_policy.of(this.prompt);
  }

  /** Where a policy is now, and log pi of all responses.
   *  @param {import("../policy.js").Policy} policy @param {Float64Array} learnedReward
   *  @returns {[import("./measure.js").Measurement, Float64Array]} */
  measured(policy, learnedReward) {
    const logps = ofAllResponses(policy);
    return [measure(logps, this.lab.facts(this.prompt), learnedReward), logps];
  }
}

/** A reward model fitted to the comparisons, then PPO against it. */
export class RLHFPipeline extends Pipeline {
  static method = "rlhf";
  static stages = ["supervised fine-tuning", "reward model", "PPO"];
  static hyperparameters = hyperparameterNames({ SFT: SFTConfig, reward_model: RewardModelConfig, PPO: PPOConfig });

  method = RLHFPipeline.method;

  /** @param {Lab} lab @param {number} prompt @param {import("./ppo.js").Config} config
   *  @param {import("./reward_model.js").Kind} kind */
  constructor(lab, prompt, config, kind) {
    super(lab, prompt);
    this.config = config;
    const [rewardModel, fitting] = this.watch.time(() =>
      train_reward_model(kind, this.reference, lab.comparisons(prompt, config.seed), config.seed),
    );
    this.rewardModel = rewardModel;
    this.fittingSteps = this.gradient_steps = fitting.length;
    this.trainer = this.watch.time(() => new PPOTrainer(this.reference, rewardModel, config));
    this.networks = [
      { role: "policy", parameters: OF_A_POLICY, trained: true },
      { role: "value model", parameters: parameterCount(this.trainer.valueModel), trained: true },
      { role: "reference policy", parameters: OF_A_POLICY, trained: false },
      { role: "reward model", parameters: parameterCount(rewardModel), trained: false },
    ];
  }

  /** Reward of the fitted model, mean 0 under the reference. */
  get learned_reward() {
    return centered_rewards(this.rewardModel, this.lab.facts(this.prompt).reference_logps);
  }

  /** Trains until this share of the policy's steps is done, 0 to 1. @param {number} share */
  train_to(share) {
    this.watch.time(() => {
      while (this.trainer.iterations < Math.floor(this.config.iterations * share)) this.trainer.step();
    });
    this.gradient_steps = this.fittingSteps + this.trainer.gradient_steps;
    this.samples_generated = this.trainer.responses_sampled;
  }

  /** @param {Float64Array} learnedReward what the measurement's ``reward`` is the mean of */
  measure(learnedReward) {
    return this.measured(this.trainer.policy, learnedReward);
  }
}

/** DPO on the same comparisons that ``RLHFPipeline`` with this seed fits its reward model to. */
export class DPOPipeline extends Pipeline {
  static method = "dpo";
  static stages = ["supervised fine-tuning", "DPO"];
  static hyperparameters = hyperparameterNames({ SFT: SFTConfig, DPO: DPOConfig });

  method = DPOPipeline.method;

  /** @param {Lab} lab @param {number} prompt @param {import("./dpo.js").Config} config */
  constructor(lab, prompt, config) {
    super(lab, prompt);
    this.config = config;
    this.trainer = this.watch.time(
      () => new DPOTrainer(this.reference, lab.comparisons(prompt, config.seed), config),
    );
    this.networks = [
      { role: "policy", parameters: OF_A_POLICY, trained: true },
      { role: "reference policy", parameters: OF_A_POLICY, trained: false },
    ];
  }

  /** Trains until this share of the policy's steps is done, 0 to 1. @param {number} share */
  train_to(share) {
    this.watch.time(() => {
      while (this.trainer.gradient_steps < Math.floor(this.config.steps * share)) this.trainer.step();
    });
    this.gradient_steps = this.trainer.gradient_steps;
  }

  /** @param {Float64Array} learnedReward what the measurement's ``reward`` is the mean of */
  measure(learnedReward) {
    return this.measured(this.trainer.policy, learnedReward);
  }
}
