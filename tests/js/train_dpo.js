// Trains as {weights, runs, arithmetic} on standard input asks, and writes for each run the pairs, the first gradient, the
// rows, and at the end log pi of all responses and what is measured of them.
import { readFileSync } from "node:fs";
import { DPOTrainer } from "../../static/lab/dpo.js";
import { Draws } from "../../static/lab/draws.js";
import { ofAllResponses } from "../../static/lab/exact.js";
import { measure } from "../../static/lab/named/measure.js";
import { Frontier } from "../../static/lab/named/optimum.js";
import { Policy } from "../../static/lab/policy.js";
import { sampleComparisons, STREAM } from "../../static/lab/preferences.js";
import { trueQuality } from "../../static/lab/quality.js";
import { arithmeticOf } from "./arithmetic.js";

const { weights, runs, arithmetic } = JSON.parse(readFileSync(0, "utf8"));

/** @type {(run: any) => any} */
const trained = ({ prompt, attributes, reward, count, config }) => {
  const reference = Policy.of(weights, prompt, arithmeticOf(arithmetic));
  const referenceLogps = ofAllResponses(reference);
  const quality = trueQuality(attributes, referenceLogps);
  const draws = new Draws(config.seed, STREAM.COMPARISONS, prompt);
  const pairs = sampleComparisons(reference, quality, count, draws);
  const trainer = new DPOTrainer(reference, pairs, config);
  const rows = [trainer.step()];
  const gradient = trainer.policy.parameters.flatMap(([, numbers]) => Array.from(numbers));
  while (rows.length < config.steps) rows.push(trainer.step());
  const logps = ofAllResponses(trainer.policy);
  const facts = { reference_logps: referenceLogps, true_quality: quality, frontier: Frontier(referenceLogps, quality) };
  return {
    pairs: [Array.from(pairs.chosen), Array.from(pairs.rejected)],
    gradient,
    rows,
    logps: Array.from(logps),
    measured: measure(logps, facts, Float64Array.from(reward)),
    bound: facts.frontier.bound(1),
  };
};

process.stdout.write(JSON.stringify(runs.map(trained)));
