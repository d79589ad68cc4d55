// app/lab/methods.py: every way of turning comparisons into a policy that the lab compares, by name and strength.
import { ofAllResponses } from "../exact.js";
import { LENGTH, PHRASES, responseNumber, SLOTS } from "../world.js";
import { DPOConfig, train_dpo } from "./dpo.js";
import { best_of_n_logps } from "./optimum.js";
import { PPOConfig, PPOTrainer } from "./ppo.js";
import { dataclass } from "./python.js";
import { train_reward_model } from "./reward_model.js";
import { centered_rewards } from "./trained.js";

/** A method, the name of its strength, and the values that a sweep uses.
 *  @typedef {{ name: string, strength: string, meaning: string, strengths: number[] }} Method */

export const BETAS = [0.05, 0.1, 0.2, 0.35, 0.6, 1, 2, 5];

/** Methods that climb a learned reward. */
export const CLIMBS = ["ppo", "best_of_n"];

/** @type {[name: string, strength: string, meaning: string, strengths: number[]][]} */
const KNOWN = [
  ["ppo", "kl_coefficient", "price of a nat of KL", BETAS],
  ["ppo_true", "kl_coefficient", "price of a nat of KL", BETAS],
  ["dpo", "beta", "temperature", BETAS],
  ["ipo", "beta", "1/(2 beta) is the target gap", [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5]],
  ["preferred_ft", "steps", "gradient steps", [25, 50, 100, 200, 400]],
  ["unlikelihood", "alpha", "weight of the rejected response", [0.05, 0.1, 0.3, 0.6, 1]],
  ["best_of_n", "n", "draws to choose from", [1, 2, 4, 8, 16, 32, 64, 128, 256]],
];

/** @type {Map<string, Method>} */
export const METHODS = new Map(
  KNOWN.map(([name, strength, meaning, strengths]) => [name, { name, strength, meaning, strengths }]),
);

/** Everything that determines one trained policy; the reward model is what is climbed, if the method climbs one. */
export const MethodRun = dataclass({
  prompt: 0,
  method: "",
  strength: 0,
  seed: 0,
  reward_model: /** @type {import("./reward_model.js").Kind} */ ("additive"),
});

/** True quality in the place of a reward model: what PPO-GT of the paper optimizes. It comes with the last phrase. */
class TrueReward {
  /** @param {Float64Array} quality of all responses */
  constructor(quality) {
    // In the precision in which torch has it.
    this.quality = Float32Array.from(quality);
  }

  /** @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    const next = new Float64Array(prefixes.length * PHRASES);
    for (let row = 0; row < prefixes.length; row++) {
      if (LENGTH[prefixes[row]] < SLOTS - 1) continue;
      for (let phrase = 0; phrase < PHRASES; phrase++) {
        next[row * PHRASES + phrase] = this.quality[responseNumber(prefixes[row], phrase)];
      }
    }
    return next;
  }
}

/** log pi of all responses under the policy that a run trains, and the learned reward of its comparisons.
 *  @param {import("./pipelines.js").Lab} lab @param {ReturnType<typeof MethodRun>} run @returns {[Float64Array, Float64Array]} */
export const train_run = (lab, run) => {
  const facts = lab.facts(run.prompt);
  const pairs = lab.comparisons(run.prompt, run.seed);
  const reference = lab.reference_policy.of(run.prompt);
  const [rewardModel] = train_reward_model(run.reward_model, reference, pairs, run.seed);
  const learned = centered_rewards(rewardModel, facts.reference_logps);
  if (run.method === "best_of_n") return [best_of_n_logps(facts.reference_logps, learned, run.strength), learned];
  if (run.method !== "ppo" && run.method !== "ppo_true") {
    return [ofAllResponses(train_dpo(reference, pairs, dpoConfig(run))), learned];
  }
  const rewards = run.method === "ppo" ? rewardModel : new TrueReward(facts.true_quality);
  const config = { ...PPOConfig(), kl_coefficient: run.strength, seed: run.seed };
  const trainer = new PPOTrainer(reference, rewards, config);
  while (trainer.iterations < config.iterations) trainer.step();
  return [ofAllResponses(trainer.policy), learned];
};

/** @type {Record<string, string>} */
const LOSS_TYPES = { dpo: "sigmoid", ipo: "ipo", unlikelihood: "unlikelihood" };

/** @param {ReturnType<typeof MethodRun>} run */
const dpoConfig = ({ method, strength, seed }) => {
  if (method === "preferred_ft") return { ...DPOConfig(), loss_type: method, steps: strength, seed };
  if (!Object.hasOwn(LOSS_TYPES, method)) throw new RangeError(`no method ${method}`);
  return { ...DPOConfig(), loss_type: LOSS_TYPES[method], beta: strength, seed };
};
