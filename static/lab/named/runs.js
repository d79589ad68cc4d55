// app/lab/runs.py: whole PPO runs on one prompt of the open lab, measured exactly after every iteration.
import { ofAllResponses } from "../exact.js";
import { measure } from "./measure.js";
import { PPOTrainer } from "./ppo.js";
import { named } from "./python.js";
import { RunCache } from "./run_cache.js";
import { Stopwatch } from "./stopwatch.js";
import { the_lab } from "./trained.js";

/** @typedef {import("./ppo.js").Config} Config */

/** @typedef {import("./reward_model.js").Kind} Kind */

/** The policy after one iteration, and what the run took up to there; 0 is the reference policy. log pi of all responses comes
 *  with the last iteration.
 *  @typedef {{ iteration: number, clip_fraction: number, measured: import("./measure.js").Measurement,
 *    responses_sampled: number, gradient_steps: number, seconds: number, logps: Float64Array | null }} PPORow */

/** @type {RunCache<PPORow>} */
const runs = new RunCache(32);

const PARAMS = ["prompt", "config", "reward_model"];

/** Run PPO on a shipped reward model; a row as soon as an iteration is done. */
export const ppo_rows = named(
  PARAMS,
  /** @param {number} prompt @param {Config} config @param {Kind} rewardModel */
  (prompt, config, rewardModel = "additive") =>
    runs.rows([prompt, config, rewardModel], () => run(prompt, config, rewardModel)),
);

/** All rows of a run. */
export const finished_ppo = named(
  PARAMS,
  /** @param {number} prompt @param {Config} config @param {Kind} [rewardModel] */
  (prompt, config, rewardModel) => [...ppo_rows(prompt, config, rewardModel)],
);

/** @param {number} prompt @param {Config} config @param {Kind} kind @returns {Generator<PPORow, void, void>} */
function* run(prompt, config, kind) {
  const lab = the_lab();
  const facts = lab.facts(prompt);
  const reward = /** @type {Float64Array} */ (facts.learned_rewards.get(kind));
  const trainer = new PPOTrainer(lab.reference_policy.of(prompt), lab.reward_model(prompt, kind), config);
  const watch = new Stopwatch();
  const row = (/** @type {number} */ clipFraction) => {
    const logps = ofAllResponses(trainer.policy);
    return {
      iteration: trainer.iterations,
      clip_fraction: clipFraction,
      measured: measure(logps, facts, reward),
      responses_sampled: trainer.responses_sampled,
      gradient_steps: trainer.gradient_steps,
      seconds: watch.seconds,
      logps: trainer.iterations === config.iterations ? logps : null,
    };
  };
  yield row(0);
  while (trainer.iterations < config.iterations) yield row(watch.time(() => trainer.step()).clipFraction);
}
