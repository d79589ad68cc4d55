// app/lab/annotation.py: a reader's own labels. Pairs to choose between, a Bradley-Terry model of the choices with its
// uncertainty, sigma(w . (f(first) - f(second))) with a Gaussian prior on w, and DPO on them.
import { Draws } from "../draws.js";
import { logSigma, sigma } from "../losses.js";
import { STREAM } from "../preferences.js";
import { numberOf, RESPONSES, responseOf, SLOTS } from "../world.js";
import { DPOConfig, train_dpo } from "./dpo.js";

/** @typedef {import("./world.js").World} World */

/** @typedef {import("./world.js").Attribute} Attribute */

/** @typedef {{ of: (prompt: number) => import("../policy.js").Policy }} ReferencePolicy */

/** What the model sees of a response: each attribute summed over its five phrases. @type {Attribute[]} */
export const FEATURES = ["helpful", "harmless", "honest", "flattering"];

/** Of the prior on each weight, in log-odds per unit of its feature. */
const PRIOR_SD = 1;

/** The fourth label, the eighth and so on train nothing: agreement is measured on them. */
const HELD_BACK_EVERY = 4;

/** A run on a few labels: every step takes all of them. */
export const LABEL_DPO_CONFIG = DPOConfig(0.3, 1e-3, undefined, 60);

const NEWTON_STEPS = 50;
const CONVERGED = 1e-10;
const ROUNDING = 1e-13;

/** Labeled pairs of one prompt; phrases in rows of five. */
class LabeledPairs {
  /** @param {number} prompt @param {number[][]} chosen @param {number[][]} rejected */
  constructor(prompt, chosen, rejected) {
    this.prompt = prompt;
    this.chosen = Uint8Array.from(chosen.flat());
    this.rejected = Uint8Array.from(rejected.flat());
  }

  get length() {
    return this.chosen.length / SLOTS;
  }

  /** Those whose number is as asked. @param {(number: number) => boolean} kept */
  filter(kept) {
    const some = (/** @type {Uint8Array} */ all) => rowsOf(all).filter((_, number) => kept(number));
    return new LabeledPairs(this.prompt, some(this.chosen), some(this.rejected));
  }
}

/** @param {Uint8Array} responses phrases, in rows of five */
const rowsOf = (responses) =>
  Array.from({ length: responses.length / SLOTS }, (_, n) => Array.from(responses.subarray(n * SLOTS, (n + 1) * SLOTS)));

/** Pairs without a label, for one prompt. */
class Pairs {
  /** @param {number} prompt @param {number[][]} first @param {number[][]} second */
  constructor(prompt, first, second) {
    this.prompt = prompt;
    this.first = first;
    this.second = second;
  }

  /** Both responses of a pair. @param {number} place */
  responses(place) {
    return [this.first[place], this.second[place]];
  }

  /** The first of the pairs with their labels. @param {boolean[]} firstChosen at most one a pair */
  labeled(firstChosen) {
    const side = (/** @type {boolean} */ chosen) =>
      firstChosen.map((first, n) => (first === chosen ? this.first : this.second)[n]);
    return new LabeledPairs(this.prompt, side(true), side(false));
  }
}

/** Gaussian approximation of what is known of the weights. */
class Posterior {
  /** @param {Float64Array} mean the weights of highest posterior density
   *  @param {Float64Array[]} covariance inverse Hessian of the negative log posterior there */
  constructor(mean, covariance) {
    this.mean = mean;
    this.covariance = covariance;
  }

  get sd() {
    return this.mean.map((_, n) => Math.sqrt(this.covariance[n][n]));
  }

  /** Mean and standard deviation of the weight of each feature. */
  get weights() {
    const { mean, sd } = this;
    return Array.from(mean, (weight, n) => [weight, sd[n]]);
  }

  /** E[ sigma(w . difference) ]: the chance of a choice, the weights being uncertain. The margin is Gaussian, so this is an
   *  integral over one number, done on a grid. @param {Float64Array} difference */
  probability(difference) {
    const margin = dot(this.mean, difference);
    const sd = Math.sqrt(dot(difference, times(this.covariance, difference)));
    let [total, sum] = [0, 0];
    for (let step = -360; step <= 360; step++) {
      const z = step / 40;
      const weight = Math.exp((-z * z) / 2);
      total += weight;
      sum += weight * sigma(margin + sd * z);
    }
    return sum / total;
  }
}

/** Pairs of two different responses, both sampled from a policy; the same for the same seed.
 *  @param {ReferencePolicy} policy @param {number} prompt @param {number} count @param {number} seed */
export const draw_pairs = (policy, prompt, count, seed) => {
  const draws = new Draws(seed, STREAM.LABELED_PAIRS, prompt);
  /** @type {number[][][]} */
  const drawn = [];
  while (drawn.length < count) {
    const one = rowsOf(policy.of(prompt).sample(2 * count, draws).responses);
    const other = rowsOf(policy.of(prompt).sample(2 * count, draws).responses);
    one.forEach((response, n) => {
      if (numberOf(response) !== numberOf(other[n])) drawn.push([response, other[n]]);
    });
  }
  const pairs = drawn.slice(0, count);
  return new Pairs(
    prompt,
    pairs.map(([first]) => first),
    pairs.map(([, second]) => second),
  );
};

/** The labels that models are fitted to, and those that are held back. @param {LabeledPairs} labeled */
export const parted = (labeled) => {
  const heldBack = (/** @type {number} */ number) => (number + 1) % HELD_BACK_EVERY === 0;
  return [labeled.filter((number) => !heldBack(number)), labeled.filter(heldBack)];
};

/** What the model sees of a response. @param {World} world @param {number} prompt @param {number[]} response */
const features = (world, prompt, response) => {
  const said = world.said(prompt, response);
  return Float64Array.from(FEATURES, (name) => said.reduce((sum, phrase) => sum + phrase[name], 0));
};

/** Features of the chosen minus those of the rejected, for each pair. @param {World} world @param {LabeledPairs} pairs */
export const feature_differences = (world, { prompt, chosen, rejected }) => {
  const others = rowsOf(rejected);
  return rowsOf(chosen).map((response, n) =>
    minus(features(world, prompt, response), features(world, prompt, others[n])),
  );
};

/** How many pairs differ in flattery, and in how many of them the chosen response flatters more.
 *  @param {Float64Array[]} differences */
export const flattery_choices = (differences) => {
  const column = differences.map((row) => row[FEATURES.indexOf("flattering")]);
  return [column.filter((difference) => difference !== 0).length, column.filter((difference) => difference > 0).length];
};

/** How probable it is that the first response of a pair is chosen.
 *  @param {World} world @param {Pairs} pairs @param {number} place @param {Posterior} posterior */
export const chance_of_first = (world, pairs, place, posterior) => {
  const [first, second] = pairs.responses(place).map((response) => features(world, pairs.prompt, response));
  return posterior.probability(minus(first, second));
};

/** How many pairs the weights rank as they are labeled. @param {Float64Array[]} differences @param {Posterior} posterior */
export const ranked_alike = (differences, posterior) => differences.filter((row) => dot(row, posterior.mean) > 0).length;

/** How many pairs the implicit reward of a policy ranks as they are labeled.
 *  @param {Float64Array} logps @param {Float64Array} referenceLogps both of all responses @param {LabeledPairs} pairs */
export const ranked_alike_by = (logps, referenceLogps, { chosen, rejected }) => {
  const ratio = (/** @type {number[]} */ response) => logps[numberOf(response)] - referenceLogps[numberOf(response)];
  const others = rowsOf(rejected);
  return rowsOf(chosen).filter((response, n) => ratio(response) > ratio(others[n])).length;
};

/** Expected number of flattering phrases, and probability of at least one.
 *  @param {World} world @param {number} prompt @param {Float64Array} logps of all responses */
export const flattery = (world, prompt, logps) => {
  const flattering = world.attribute("flattering", prompt);
  let [expected, any] = [0, 0];
  for (let number = 0; number < RESPONSES; number++) {
    const count = responseOf(number).reduce((sum, phrase, slot) => sum + flattering[slot][phrase], 0);
    expected += count * Math.exp(logps[number]);
    if (count > 0) any += Math.exp(logps[number]);
  }
  return [expected, any];
};

/** -log p(labels | w) - log p(w) in nats, up to a constant. @param {Float64Array} weights @param {Float64Array[]} differences */
const negativeLogPosterior = (weights, differences) =>
  dot(weights, weights) / (2 * PRIOR_SD ** 2) - differences.reduce((sum, row) => sum + logSigma(dot(row, weights)), 0);

/** The weights by Newton's method, whose steps are halved until they lead down, and their covariance by Laplace's
 *  approximation. @param {Float64Array[]} differences no pairs leave the prior */
export const fit = (differences) => {
  let weights = new Float64Array(FEATURES.length);
  for (let iteration = 0; iteration < NEWTON_STEPS; iteration++) {
    const gradient = weights.map((weight) => weight / PRIOR_SD ** 2);
    for (const row of differences) {
      const slope = sigma(-dot(row, weights));
      row.forEach((value, n) => (gradient[n] -= slope * value));
    }
    if (Math.max(...gradient.map(Math.abs)) < CONVERGED) break;
    const step = times(inverse(hessian(weights, differences)), gradient);
    const here = negativeLogPosterior(weights, differences);
    // Near the optimum two values can differ by rounding alone: such a step leads nowhere worse.
    const highest = here + ROUNDING * (1 + Math.abs(here));
    const at = (/** @type {number} */ length) => weights.map((weight, n) => weight - length * step[n]);
    let length = 1;
    while (length > CONVERGED && negativeLogPosterior(at(length), differences) > highest) length /= 2;
    weights = at(length);
  }
  return new Posterior(weights, inverse(hessian(weights, differences)));
};

/** @param {Float64Array} weights @param {Float64Array[]} differences */
const hessian = (weights, differences) => {
  const rows = identity(weights.length).map((row) => row.map((value) => value / PRIOR_SD ** 2));
  for (const difference of differences) {
    const margin = dot(difference, weights);
    const curvature = sigma(margin) * sigma(-margin);
    rows.forEach((row, n) => difference.forEach((value, m) => (row[m] += curvature * difference[n] * value)));
  }
  return rows;
};

/** DPO from a copy of the reference policy on a reader's labels. @param {ReferencePolicy} reference @param {LabeledPairs} pairs */
export const align = (reference, pairs) => train_dpo(reference.of(pairs.prompt), pairs, LABEL_DPO_CONFIG);

/** Mean and standard deviation of the heads of a fair coin. @param {number} flips */
export const coin_flips = (flips) => [flips / 2, Math.sqrt(flips) / 2];

/** @param {Float64Array} one @param {Float64Array} other */
const dot = (one, other) => one.reduce((sum, value, n) => sum + value * other[n], 0);

/** @param {Float64Array} one @param {Float64Array} other */
const minus = (one, other) => one.map((value, n) => value - other[n]);

/** @param {Float64Array[]} rows @param {Float64Array} vector */
const times = (rows, vector) => Float64Array.from(rows, (row) => dot(row, vector));

/** @param {number} size */
const identity = (size) => Array.from({ length: size }, (_, n) => new Float64Array(size).fill(1, n, n + 1));

/** Of a symmetric matrix with positive eigenvalues, by Gauss and Jordan, who then need no pivots.
 *  @param {Float64Array[]} matrix */
const inverse = (matrix) => {
  const left = matrix.map((row) => row.slice());
  const right = identity(matrix.length);
  left.forEach((pivot, n) => {
    const scale = 1 / pivot[n];
    for (const row of [pivot, right[n]]) row.forEach((value, m) => (row[m] = scale * value));
    left.forEach((row, other) => {
      if (other === n) return;
      const factor = row[n];
      row.forEach((value, m) => (row[m] = value - factor * pivot[m]));
      right[other].forEach((value, m) => (right[other][m] = value - factor * right[n][m]));
    });
  });
  return right;
};
