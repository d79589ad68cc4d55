// Short training runs, against what torch came to from the same draws. Both compute in float32, so that each rounds in its
// own way.
import { DPOTrainer } from "../dpo.js";
import { ofAllResponses } from "../exact.js";
import { measure } from "../named/measure.js";
import { camelCased } from "../named/python.js";
import { centered_rewards } from "../named/trained.js";
import { PPOTrainer } from "../ppo.js";
import { fitRewardModel } from "../reward_model.js";
import { furthestNamed } from "./outcome.js";

/** @typedef {import("../named/trained.js").Lab} Lab */

/** What app/studies/short_runs.py records of a run.
 *  @typedef {{ method: string, prompt: string, seed: number, pairs: number, reward_model: import("../reward_model.js").RewardKind,
 *    config: Record<string, any>, places: number[], numbers: Record<string, number>, at_places: number[] }} Run */

/** Numbers by name, and log-probabilities or rewards of all responses. @typedef {[Record<string, number>, Float64Array]} Made */

/** @param {Lab} lab @param {number} prompt @param {Float64Array} logps @param {import("../reward_model.js").RewardKind} kind */
const measured = (lab, prompt, logps, kind) => {
  const facts = lab.facts(prompt);
  const { kl, reward, true_quality, entropy } = measure(logps, facts, /** @type {Float64Array} */ (facts.learned_rewards.get(kind)));
  return { kl, reward, true_quality, entropy };
};

/** @type {Record<string, (lab: Lab, prompt: number, run: Run) => Made>} */
const METHODS = {
  dpo: (lab, prompt, { seed, pairs, config, reward_model: kind }) => {
    const trainer = new DPOTrainer(lab.reference_policy.of(prompt), lab.comparisons(prompt, seed, pairs), camelCased(config));
    let last = trainer.step();
    while (trainer.steps < config.steps) last = trainer.step();
    const logps = ofAllResponses(trainer.policy);
    const { chosenLogps: chosen_logps, rejectedLogps: rejected_logps } = last;
    return [{ chosen_logps, rejected_logps, ...measured(lab, prompt, logps, kind) }, logps];
  },
  ppo: (lab, prompt, { config, reward_model: kind }) => {
    const trainer = new PPOTrainer(lab.reference_policy.of(prompt), lab.reward_model(prompt, kind), camelCased(config));
    while (trainer.iterations < config.iterations) trainer.step();
    const logps = ofAllResponses(trainer.policy);
    return [measured(lab, prompt, logps, kind), logps];
  },
  reward_model: (lab, prompt, { seed, pairs, config, reward_model: kind }) => {
    const comparisons = lab.comparisons(prompt, seed, pairs);
    const given = { ...camelCased(config), batchSize: config.batch_size ?? Infinity };
    const fit = fitRewardModel(kind, lab.reference_policy.of(prompt), comparisons, seed, given);
    let loss = NaN;
    let next = fit.next();
    for (; !next.done; next = fit.next()) loss = next.value.loss;
    return [{ loss }, centered_rewards(next.value, lab.facts(prompt).reference_logps)];
  },
};

/** @param {Run} run */
const titleOf = ({ method, prompt, reward_model: kind, config }) => {
  if (method === "dpo") return `DPO, ${config.loss_type}, ${prompt}, ${config.steps} steps`;
  if (method === "ppo") return `PPO on the ${kind} reward model, ${prompt}, ${config.iterations} iterations`;
  return `fit of the ${kind} reward model, ${prompt}, ${config.steps} steps`;
};

/** @param {Run} run */
const againstRun = (run, /** @type {Lab} */ lab) => {
  const [numbers, values] = METHODS[run.method](lab, lab.world.prompt_number(run.prompt), run);
  lab.forget();
  const of = run.method === "reward_model" ? "reward" : "log-probability";
  const named = (/** @type {number[]} */ all) => Object.fromEntries(run.places.map((place, n) => [`${of} of response ${place}`, all[n]]));
  const expected = { ...run.numbers, ...named(run.at_places) };
  return furthestNamed(titleOf(run), expected, { ...numbers, ...named(run.places.map((place) => values[place])) });
};

/** @param {Lab} lab @param {Run[]} recorded @returns {import("./outcome.js").Kind} */
export const runs = (lab, recorded) => ({
  title: "Training runs",
  unit: "nats",
  tolerance: 1e-4,
  checks: recorded.map((run) => () => againstRun(run, lab)),
});
