// Reward models of app/lab/reward_model.py, fitted to the comparisons of one prompt. Both minimize the mean over pairs of
// -log sigma(r(y_w) - r(y_l)) + decay (r(y_w)^2 + r(y_l)^2), DPO Eq. 2 (arXiv 2305.18290) and a weak decay.
import { Adam } from "./adam.js";
import { float64 } from "./arithmetic.js";
import { Draws } from "./draws.js";
import { logSigma, sigma } from "./losses.js";
import { OF_A_HEAD, PhraseScores } from "./policy.js";
import { batches, both, STREAM } from "./preferences.js";
import { mean, responseValues } from "./responses.js";
import { LENGTH, PHRASES, SLOTS } from "./world.js";

/** What a network's output is multiplied by, as DPO multiplies its log-ratio by beta. */
const OUTPUT_SCALE = 0.1;

/** The sum over slots of a score for the phrase there: 30 parameters. */
export class AdditiveReward {
  constructor() {
    this.arithmetic = float64;
    this.weights = new Float64Array(SLOTS * PHRASES);
    this.gradient = new Float64Array(SLOTS * PHRASES);
    /** @type {ArrayLike<number>} those of the last call */
    this.prefixes = [];
  }

  /** What is trained, with its gradient. @returns {[import("./matrix.js").Numbers, import("./matrix.js").Numbers][]} */
  get parameters() {
    return [[this.weights, this.gradient]];
  }

  /** Scores of the six phrases that can follow each prefix, in rows. @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    this.prefixes = prefixes;
    return Float64Array.from({ length: prefixes.length * PHRASES }, (_, at) => this.weights[this.place(at)]);
  }

  /** Which parameter is at a place of ``forward``. @param {number} at */
  place(at) {
    return LENGTH[this.prefixes[Math.floor(at / PHRASES)]] * PHRASES + (at % PHRASES);
  }

  /** Sets the gradient to that of a loss, from its derivatives with respect to what ``forward`` returned last.
   *  @param {Float64Array} derivatives */
  backward(derivatives) {
    this.gradient.fill(0);
    derivatives.forEach((d, at) => (this.gradient[this.place(at)] += d));
  }
}

/** The sum over slots of a score for the phrase there, given the phrases before it: those of a policy without its softmax. */
export class NetworkReward extends PhraseScores {
  /** The trunk starts as the reference policy's, the scores at zero. @param {import("./policy.js").Policy} reference */
  static from(reference) {
    return new NetworkReward(new Float64Array(OF_A_HEAD), reference.trunk.weights, reference.prompt, reference.arithmetic);
  }

  /** Scores of the six phrases that can follow each prefix, in rows. @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    return this.scores(prefixes).map((score) => OUTPUT_SCALE * score);
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to what ``forward`` returned last.
   *  @param {Float64Array} derivatives */
  backward(derivatives) {
    this.backFromScores(derivatives.map((d) => OUTPUT_SCALE * d));
  }
}

/** Of each kind; the learning rate falls linearly to zero, and without a batch size each step takes all pairs. */
const CONFIGS = {
  additive: { steps: 150, learningRate: 0.1, batchSize: Infinity, decay: 1e-3 },
  network: { steps: 400, learningRate: 2e-3, batchSize: 128, decay: 1e-3 },
};

/** @typedef {keyof typeof CONFIGS} RewardKind */

/** @typedef {AdditiveReward | NetworkReward} RewardModel */

/** Bradley-Terry loss in nats a pair, without the decay, and accuracy on the pairs of a step.
 *  @typedef {{ step: number, loss: number, accuracy: number }} RewardModelStep */

/** Fit a reward model; the seed orders its batches. A row for each step, and the model at the end.
 *  @param {RewardKind} kind @param {import("./policy.js").Policy} reference
 *  @param {import("./preferences.js").Comparisons} pairs @param {number} seed
 *  @param {Partial<typeof CONFIGS.additive>} [config]
 *  @returns {Generator<RewardModelStep, RewardModel, void>} */
export function* fitRewardModel(kind, reference, pairs, seed, config = {}) {
  const { steps, learningRate, batchSize, decay } = { ...CONFIGS[kind], ...config };
  const model = kind === "additive" ? new AdditiveReward() : NetworkReward.from(reference);
  const optimizer = new Adam(model.parameters, 1e-8, model.arithmetic);
  const count = pairs.chosen.length / SLOTS;
  const inOrder = Array.from({ length: count }, (_, row) => row);
  const drawn = batches(count, batchSize, new Draws(seed, STREAM.REWARD_MODEL));
  for (let step = 1; step <= steps; step++) {
    const rows = batchSize === Infinity ? inOrder : /** @type {number[]} */ (drawn.next().value);
    const size = rows.length;
    const { sums, next, places } = responseValues(model, both(pairs, rows));
    const margins = sums.subarray(0, size).map((reward, n) => reward - sums[size + n]);
    const derivatives = new Float64Array(next.length);
    places.forEach((place, n) => {
      const response = Math.floor(n / SLOTS);
      const slope = sigma(-margins[response % size]);
      derivatives[place] += ((response < size ? -slope : slope) + 2 * decay * sums[response]) / size;
    });
    model.backward(derivatives);
    optimizer.step(learningRate * (1 - (step - 1) / steps));
    const accuracy = margins.filter((margin) => margin > 0).length / size;
    yield { step, loss: -mean(margins.map(logSigma)), accuracy };
  }
  return model;
}
