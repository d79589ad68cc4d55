// app/lab/displacement.py: where probability goes while DPO widens its margins, exactly.
import { expectation, klDivergence, ofAllResponses } from "../exact.js";
import { numberOf, RESPONSES, responseOf, SLOTS } from "../world.js";
import { DPOTrainer } from "./dpo.js";
import { optimal_logps_at } from "./optimum.js";

/** Gradient steps between two measurements. */
export const MEASURED_EVERY = 10;

/** @typedef {import("../preferences.js").Comparisons & { prompt: number }} Pairs */

/** What a policy makes of training pairs: means of log-probabilities in nats; probabilities of responses that are chosen at
 *  least as often as rejected, of the other responses of pairs, and of those in no pair; KL in nats.
 *  @typedef {{ chosen_logp: number, rejected_logp: number, mass_chosen: number, mass_rejected: number, mass_unseen: number,
 *    kl: number, true_quality: number }} OnPairs */

/** The policy after some steps, the optimum of true quality at its KL if there is one so far out, log pi of all responses,
 *  and which of them some pair holds.
 *  @typedef {{ step: number, run: OnPairs, optimum: OnPairs | null, logps: Float64Array, in_pairs: Uint8Array }} Displacement */

/** @typedef {import("./measure.js").Facts} Facts */

/** Pairs by the numbers of their responses, with what is known of every response. @param {Pairs} pairs */
const counted = (pairs) => {
  const chosen = numbersOf(pairs.chosen);
  const rejected = numbersOf(pairs.rejected);
  const balance = new Int32Array(RESPONSES);
  const seen = new Uint8Array(RESPONSES);
  const everChosen = new Uint8Array(RESPONSES);
  for (const number of chosen) {
    balance[number]++;
    seen[number] = everChosen[number] = 1;
  }
  for (const number of rejected) {
    balance[number]--;
    seen[number] = 1;
  }
  return { chosen, rejected, seen, oftenChosen: everChosen.map((ever, number) => Number(ever && balance[number] >= 0)) };
};

/** @param {Uint8Array} responses */
const numbersOf = (responses) =>
  Array.from({ length: responses.length / SLOTS }, (_, n) => numberOf(responses.subarray(n * SLOTS, (n + 1) * SLOTS)));

/** @param {Float64Array} logps @param {ReturnType<typeof counted>} pairs @param {Facts} facts @returns {OnPairs} */
const onPairs = (logps, { chosen, rejected, seen, oftenChosen }, facts) => {
  const mean = (/** @type {number[]} */ of) => of.reduce((sum, number) => sum + logps[number], 0) / of.length;
  let [massChosen, massRejected] = [0, 0];
  logps.forEach((logp, number) => {
    if (oftenChosen[number]) massChosen += Math.exp(logp);
    else if (seen[number]) massRejected += Math.exp(logp);
  });
  return {
    chosen_logp: mean(chosen),
    rejected_logp: mean(rejected),
    mass_chosen: massChosen,
    mass_rejected: massRejected,
    mass_unseen: 1 - massChosen - massRejected,
    kl: klDivergence(logps, facts.reference_logps),
    true_quality: expectation(logps, facts.true_quality),
  };
};

/** Train on pairs of one prompt, measuring exactly every few steps.
 *  @param {import("./pipelines.js").Lab} lab @param {Pairs} pairs @param {import("./dpo.js").Config} config
 *  @returns {Generator<Displacement, void, void>} */
export function* displacement(lab, pairs, config) {
  const facts = lab.facts(pairs.prompt);
  const trainer = new DPOTrainer(lab.reference_policy.of(pairs.prompt), pairs, config);
  const known = counted(pairs);
  const measured = () => {
    const logps = ofAllResponses(trainer.policy);
    const run = onPairs(logps, known, facts);
    const optimal = optimal_logps_at(facts.reference_logps, facts.true_quality, run.kl);
    const optimum = optimal && onPairs(optimal, known, facts);
    return { step: trainer.gradient_steps, run, optimum, logps, in_pairs: known.seen };
  };
  yield measured();
  while (trainer.gradient_steps < config.steps) {
    const next = Math.min(trainer.gradient_steps + MEASURED_EVERY, config.steps);
    while (trainer.gradient_steps < next) trainer.step();
    yield measured();
  }
}

/** The responses that gained most probability over the reference, the most first.
 *  @param {Displacement} end @param {Facts} facts @param {number} count */
export const most_gained = (end, facts, count) => {
  const gain = end.logps.map((logp, number) => Math.exp(logp) - Math.exp(facts.reference_logps[number]));
  const order = Array.from(gain.keys()).sort((one, other) => gain[other] - gain[one]);
  return order.slice(0, count).map((number) => ({
    response: responseOf(number),
    reference_probability: Math.exp(facts.reference_logps[number]),
    policy_probability: Math.exp(end.logps[number]),
    true_quality: facts.true_quality[number],
    seen: end.in_pairs[number] === 1,
  }));
};
