// Numbers that the server answered, against what is computed here for the same parameters, in float64.
import { Draws } from "../draws.js";
import { entropy, expectation, klDivergence } from "../exact.js";
import { logSigma, sigma, trainingLoss } from "../losses.js";
import { log_partition, optimal_logps } from "../named/optimum.js";
import { numberOf, responseOf, RESPONSES, SLOTS } from "../world.js";
import { furthestNamed } from "./outcome.js";

/** @typedef {import("../named/trained.js").Lab} Lab */

/** What app/receipts/recorded.py records of a response.
 *  @typedef {{ request: string, widget: string, params: Record<string, any>, numbers: Record<string, number> }} Receipt */

/** @typedef {(lab: Lab, params: Record<string, any>) => Record<string, number>} Computed */

/** The number in app/lab/draws.py of the stream that draws the responses of the derivation. */
const DERIVATION = 9;

/** The seed of comparisons that no network has seen, less the lab's. */
const HELD_OUT = 1_000_000;

/** @type {Computed} */
const rewardSeparation = (_, { reward_chosen: chosen, reward_rejected: rejected }) => {
  const margin = chosen - rejected;
  return {
    margin,
    probability: sigma(margin),
    loss: -logSigma(margin),
    "gradient.reward_chosen": -sigma(-margin),
    "gradient.reward_rejected": sigma(-margin),
  };
};

/** @type {Computed} */
const dpoLoss = (_, given) => {
  const one = (/** @type {number} */ value) => Float64Array.of(value);
  const pair = {
    policyChosen: one(given.reference_chosen_logp + given.logratio_chosen),
    policyRejected: one(given.reference_rejected_logp + given.logratio_rejected),
    referenceChosen: one(given.reference_chosen_logp),
    referenceRejected: one(given.reference_rejected_logp),
    chosenLengths: one(given.chosen_length),
    rejectedLengths: one(given.rejected_length),
  };
  const { losses, chosen, rejected } = trainingLoss(given.loss_type, pair, given.beta, { labelSmoothing: given.label_smoothing });
  const margin = given.beta * (given.logratio_chosen - given.logratio_rejected);
  return {
    margin,
    probability: sigma(margin),
    loss: losses[0],
    "gradient.logratio_chosen": chosen[0],
    "gradient.logratio_rejected": rejected[0],
  };
};

/** @type {Computed} */
const betaEffect = (lab, { prompt, beta, reward: name, reward_model: kind }) => {
  const facts = lab.facts(lab.world.prompt_number(prompt));
  const reward = name === "true" ? facts.true_quality : /** @type {Float64Array} */ (facts.learned_rewards.get(kind));
  const logps = optimal_logps(facts.reference_logps, reward, beta);
  return {
    kl: klDivergence(logps, facts.reference_logps),
    expected_reward: expectation(logps, reward),
    true_quality: expectation(logps, facts.true_quality),
    log_partition: log_partition(facts.reference_logps, reward, beta),
    effective_responses: Math.exp(entropy(logps)),
  };
};

/** @type {Computed} */
const preferencePairs = (lab, { prompt: id, pair, split }) => {
  const prompt = lab.world.prompt_number(id);
  const { reference_logps, true_quality, learned_reward } = lab.facts(prompt);
  const pairs = lab.comparisons(prompt, lab.seed + (split === "test" ? HELD_OUT : 0));
  const chosen = rowOf(pairs.chosen, pair - 1);
  const rejected = rowOf(pairs.rejected, pair - 1);
  const scores = (/** @type {string} */ name, /** @type {number} */ number) => ({
    [`${name}.number`]: number,
    [`${name}.true_quality`]: true_quality[number],
    [`${name}.learned_reward`]: learned_reward[number],
    [`${name}.reference_logp`]: reference_logps[number],
  });
  const probability = sigma(true_quality[chosen] - true_quality[rejected]);
  return { ...scores("chosen", chosen), ...scores("rejected", rejected), probability };
};

/** Step 6: the loss at the optimum, and the loss of a reward model that knows the reward.
 *  @type {Computed} */
const dpoDerivation = (lab, { prompt: id, beta, seed }) => {
  const prompt = lab.world.prompt_number(id);
  const { reference_logps: reference, true_quality: quality } = lab.facts(prompt);
  const draws = new Draws(seed, DERIVATION, prompt);
  const { responses } = lab.reference_policy.of(prompt).sample(8, draws);
  const drawn = [...new Set(Array.from({ length: 8 }, (_, row) => rowOf(responses, row)))].sort((one, other) => one - other);
  const [shown, opponent] = draws.order(drawn.length).map((place) => drawn[place]);
  const optimal = optimal_logps(reference, quality, beta);
  const logRatio = (/** @type {number} */ response) => optimal[response] - reference[response];
  return {
    response_number: shown,
    opponent_number: opponent,
    "check.left": -logSigma(beta * (logRatio(shown) - logRatio(opponent))),
    "check.right": Math.log1p(Math.exp(quality[opponent] - quality[shown])),
  };
};

/** @type {Computed} */
const lengthBias = (lab, { prompt: id, beta, length_taste: taste, length_price: price }) => {
  const prompt = lab.world.prompt_number(id);
  const { reference_logps: reference, true_quality: quality } = lab.facts(prompt);
  const wordsOf = (/** @type {number} */ number) => lab.world.text(prompt, responseOf(number)).split(/\s+/).length;
  const words = Float64Array.from({ length: RESPONSES }, (_, number) => wordsOf(number));
  const reward = quality.map((value, number) => value + (taste - price) * words[number]);
  const logps = optimal_logps(reference, reward, beta);
  return {
    mean_words: expectation(logps, words),
    reference_words: expectation(reference, words),
    true_quality: expectation(logps, quality),
    kl: klDivergence(logps, reference),
  };
};

/** @type {Computed} */
const frontier = (lab, { prompt: id, reward_model: kind }) => {
  const { frontier: found } = lab.facts(lab.world.prompt_number(id));
  const places = /** @type {{ kl: number }[]} */ (Object.values(lab.studies.frontier.places[`${id} ${kind}`]).flat());
  const farthest = Math.ceil(Math.max(...places.map((place) => place.kl)));
  const kls = Array.from({ length: 61 }, (_, step) => farthest * (step / 60) ** 2.5);
  return Object.fromEntries(
    kls.flatMap((kl, step) => [
      [`ceiling.${step}.kl`, kl],
      [`ceiling.${step}.true_quality`, found.bound(kl)],
    ]),
  );
};

/** Stage 2: shares of held-out pairs that the reward models, and true quality, order as labeled.
 *  @type {Computed} */
const rlhfPipeline = (lab) => {
  let [pairs, byModel, byQuality] = [0, 0, 0];
  lab.world.prompts.forEach((_, prompt) => {
    const { learned_reward, true_quality } = lab.facts(prompt);
    const { chosen, rejected } = lab.comparisons(prompt, lab.seed + HELD_OUT);
    for (let row = 0; row < chosen.length / SLOTS; row++) {
      const [won, lost] = [rowOf(chosen, row), rowOf(rejected, row)];
      pairs++;
      if (learned_reward[won] > learned_reward[lost]) byModel++;
      if (true_quality[won] > true_quality[lost]) byQuality++;
    }
  });
  return { "quantities.5.value": byModel / pairs, "quantities.6.value": byQuality / pairs };
};

/** @param {Uint8Array} responses phrases, in rows of five @param {number} row */
const rowOf = (responses, row) => numberOf(responses.subarray(row * SLOTS, (row + 1) * SLOTS));

/** @type {Record<string, Computed>} */
const COMPUTED = {
  reward_separation: rewardSeparation,
  dpo_loss: dpoLoss,
  beta_effect: betaEffect,
  preference_pairs: preferencePairs,
  dpo_derivation: dpoDerivation,
  length_bias: lengthBias,
  frontier,
  rlhf_pipeline: rlhfPipeline,
};

/** @param {Lab} lab in float64 @param {Receipt[]} recorded @returns {import("./outcome.js").Kind} */
export const receipts = (lab, recorded) => ({
  title: "Receipts",
  unit: "relative",
  tolerance: 1e-9,
  checks: recorded.map(({ request, widget, params, numbers }) => () => {
    const found = COMPUTED[widget](lab, params);
    return furthestNamed(request, numbers, found, (number) => Math.abs(number) || 1);
  }),
});
