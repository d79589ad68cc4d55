// Measures the lab for {weights, runs, arithmetic} on standard input, of which it takes the first run: writes seconds of CPU
// time, and of the clock until the first row.
import { readFileSync } from "node:fs";
import { DPOTrainer } from "../../static/lab/dpo.js";
import { Draws } from "../../static/lab/draws.js";
import { ofAllResponses } from "../../static/lab/exact.js";
import { measure } from "../../static/lab/named/measure.js";
import { Frontier } from "../../static/lab/named/optimum.js";
import { Policy } from "../../static/lab/policy.js";
import { PPOTrainer } from "../../static/lab/ppo.js";
import { sampleComparisons, STREAM } from "../../static/lab/preferences.js";
import { trueQuality } from "../../static/lab/quality.js";
import { fitRewardModel } from "../../static/lab/reward_model.js";
import { arithmeticOf } from "./arithmetic.js";

const asked = JSON.parse(readFileSync(0, "utf8"));
const { prompt, attributes, reward, count, config } = asked.runs[0];
const learnedReward = Float64Array.from(reward);

/** @param {() => void} work */
const seconds = (work) => {
  const before = process.cpuUsage().user;
  work();
  return (process.cpuUsage().user - before) / 1e6;
};

const start = performance.now();
const arithmetic = arithmeticOf(asked.arithmetic);
const reference = Policy.of(asked.weights, prompt, arithmetic);
const referenceLogps = ofAllResponses(reference);
const quality = trueQuality(attributes, referenceLogps);
const facts = { reference_logps: referenceLogps, true_quality: quality, frontier: Frontier(referenceLogps, quality) };
const pairs = sampleComparisons(reference, quality, count, new Draws(config.seed, STREAM.COMPARISONS, prompt));
const trainer = new DPOTrainer(reference, pairs, config);
trainer.step();
measure(ofAllResponses(trainer.policy), facts, learnedReward);
const firstRow = (performance.now() - start) / 1000;

const mark = arithmetic.mark();
const dpo = seconds(() => {
  const run = new DPOTrainer(reference, pairs, config);
  for (let step = 0; step < config.steps; step++) run.step();
});
arithmetic.release(mark);
/** @type {any} */
let rewardModel;
const rewardModelFit = seconds(() => {
  const fit = fitRewardModel("additive", reference, pairs, config.seed);
  let next = fit.next();
  while (!next.done) next = fit.next();
  rewardModel = next.value;
});
const ppo = seconds(() => {
  const run = new PPOTrainer(reference, rewardModel, { seed: config.seed });
  for (let iteration = 0; iteration < run.config.iterations; iteration++) {
    run.step();
    measure(ofAllResponses(run.policy), facts, learnedReward);
  }
});
arithmetic.release(mark);
const measurements = seconds(() => {
  for (let n = 0; n < 100; n++) measure(ofAllResponses(reference), facts, learnedReward);
});
process.stdout.write(JSON.stringify({ firstRow, dpo, rewardModelFit, ppo, measurement: measurements / 100 }));
