// Fits reward models and runs PPO on them as {weights, runs, arithmetic} on standard input asks. Writes for each run the
// reward of all responses and the steps of its fit, the gradient of the first update, the iterations, and log pi of all
// responses.
import { readFileSync } from "node:fs";
import { Draws } from "../../static/lab/draws.js";
import { ofAllResponses } from "../../static/lab/exact.js";
import { Policy } from "../../static/lab/policy.js";
import { PPOTrainer } from "../../static/lab/ppo.js";
import { sampleComparisons, STREAM } from "../../static/lab/preferences.js";
import { trueQuality } from "../../static/lab/quality.js";
import { fitRewardModel } from "../../static/lab/reward_model.js";
import { arithmeticOf } from "./arithmetic.js";

const { weights, runs, arithmetic } = JSON.parse(readFileSync(0, "utf8"));

/** @type {(run: any) => any} */
const trained = ({ prompt, attributes, count, kind, done, config }) => {
  const reference = Policy.of(weights, prompt, arithmeticOf(arithmetic));
  const quality = trueQuality(attributes, ofAllResponses(reference));
  const draws = new Draws(config.seed, STREAM.COMPARISONS, prompt);
  const pairs = sampleComparisons(reference, quality, count, draws);
  const fit = fitRewardModel(kind, reference, pairs, config.seed);
  const fitted = [];
  let next = fit.next();
  for (; !next.done; next = fit.next()) fitted.push(next.value);
  const rewardModel = next.value;
  const rewards = Array.from(ofAllResponses(rewardModel));

  const first = new PPOTrainer(reference, rewardModel, config);
  first.setGradients(first.collect());
  const gradient = first.parameters.flatMap(([, numbers]) => Array.from(numbers));
  const trainer = new PPOTrainer(reference, rewardModel, config);
  const iterations = Array.from({ length: done }, () => trainer.step());
  return { rewards, fitted, gradient, iterations, logps: Array.from(ofAllResponses(trainer.policy)) };
};

process.stdout.write(JSON.stringify(runs.map(trained)));
