// Networks on the trunk: the policy pi(y|x) of app/lab/network/policy.py, its value model, and the scores of phrases that a
// policy and a reward network have in common.
import { float64 } from "./arithmetic.js";
import { Matrix } from "./matrix.js";
import { PARAMETERS as OF_A_TRUNK, Trunk, WIDTH } from "./trunk.js";
import { child, LENGTH, PHRASES, PREFIXES, PROMPTS, SLOTS } from "./world.js";

/** @typedef {import("./arithmetic.js").Arithmetic} Arithmetic */
/** @typedef {import("./matrix.js").Numbers} Numbers */

/** How many numbers the output vectors for one prompt have. */
export const OF_A_HEAD = SLOTS * PHRASES * WIDTH;

/** A trunk with an output vector for each phrase: a score for the six phrases that can follow each prefix. */
export class PhraseScores {
  /** Weights are copied. @param {ArrayLike<number>} head @param {ArrayLike<number>} trunk @param {number} prompt
   *  @param {Arithmetic} arithmetic */
  constructor(head, trunk, prompt, arithmetic) {
    this.prompt = prompt;
    this.arithmetic = arithmetic;
    this.trunk = new Trunk(trunk, prompt, arithmetic);
    this.head = arithmetic.numbers(OF_A_HEAD);
    this.head.set(head);
    this.headGradient = arithmetic.numbers(OF_A_HEAD);
    /** the output vectors of each slot */
    this.outputs = Array.from({ length: SLOTS }, (_, slot) => {
      return new Matrix(this.head, this.headGradient, PHRASES, WIDTH, slot * PHRASES * WIDTH);
    });
    this.out = arithmetic.matrix(PREFIXES, PHRASES);
  }

  /** What is trained, with its gradient. @returns {[Numbers, Numbers][]} */
  get parameters() {
    return [
      [this.head, this.headGradient],
      [this.trunk.weights, this.trunk.gradient],
    ];
  }

  /** The scores, in rows of six. @param {ArrayLike<number>} prefixes each once */
  scores(prefixes) {
    const { arithmetic, out, outputs, trunk } = this;
    const count = prefixes.length;
    const hidden = trunk.forward(prefixes);
    out.numbers.fill(0, 0, count * PHRASES);
    for (let row = 0; row < count; row++) arithmetic.kernels.product(hidden, outputs[LENGTH[prefixes[row]]], out, 1, row);
    return new Float64Array(out.numbers.subarray(0, count * PHRASES));
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to the last scores.
   *  @param {Float64Array} derivatives */
  backFromScores(derivatives) {
    const { arithmetic, headGradient, out, outputs, trunk } = this;
    const { count, hidden, prefixes } = trunk;
    out.gradient.set(derivatives);
    headGradient.fill(0);
    hidden.clearGradient(count);
    for (let row = 0; row < count; row++) arithmetic.kernels.productBackward(hidden, outputs[LENGTH[prefixes[row]]], out, 1, row);
    trunk.backward();
  }
}

/** pi_theta(y|x), factored over the five slots. */
export class Policy extends PhraseScores {
  /** The policy of a file that has all prompts: output vectors first, then the trunk, as torch's named_parameters().
   *  @param {ArrayLike<number>} weights @param {number} prompt @param {Arithmetic} [arithmetic] */
  static of(weights, prompt, arithmetic = float64) {
    const expected = PROMPTS * OF_A_HEAD + OF_A_TRUNK;
    if (weights.length !== expected) throw new RangeError(`weights: ${weights.length} numbers, expected ${expected}`);
    const all = Float64Array.from(weights);
    const head = all.subarray(prompt * OF_A_HEAD, (prompt + 1) * OF_A_HEAD);
    return new Policy(head, all.subarray(PROMPTS * OF_A_HEAD), prompt, arithmetic);
  }

  /** A policy with the same weights. */
  copy() {
    return new Policy(this.head, this.trunk.weights, this.prompt, this.arithmetic);
  }

  /** log pi of the six phrases after each prefix, in rows. @param {ArrayLike<number>} prefixes each once */
  forward(prefixes) {
    const logps = this.scores(prefixes);
    for (let at = 0; at < logps.length; at += PHRASES) {
      let most = -Infinity;
      for (let phrase = 0; phrase < PHRASES; phrase++) most = Math.max(most, logps[at + phrase]);
      let total = 0;
      for (let phrase = 0; phrase < PHRASES; phrase++) total += Math.exp(logps[at + phrase] - most);
      const normalizer = most + Math.log(total);
      for (let phrase = 0; phrase < PHRASES; phrase++) logps[at + phrase] -= normalizer;
    }
    this.logps = logps;
    return logps;
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to what ``forward`` returned last.
   *  @param {Float64Array} derivatives */
  backward(derivatives) {
    const logps = /** @type {Float64Array} */ (this.logps);
    const dScores = new Float64Array(derivatives.length);
    for (let at = 0; at < derivatives.length; at += PHRASES) {
      let total = 0;
      for (let phrase = 0; phrase < PHRASES; phrase++) total += derivatives[at + phrase];
      for (let phrase = 0; phrase < PHRASES; phrase++) {
        dScores[at + phrase] = derivatives[at + phrase] - Math.exp(logps[at + phrase]) * total;
      }
    }
    this.backFromScores(dScores);
  }

  /** Draw responses y ~ pi(.|x), phrase by phrase; each phrase takes one uniform number, and those of a response are
   *  neighbors. Also log pi of each phrase, as it was drawn. @param {number} count @param {import("./draws.js").Draws} draws */
  sample(count, draws) {
    const uniform = draws.uniform(count * SLOTS);
    const responses = new Uint8Array(count * SLOTS);
    const phraseLogps = new Float64Array(count * SLOTS);
    const prefix = new Uint16Array(count);
    for (let slot = 0; slot < SLOTS; slot++) {
      const prefixes = [...new Set(prefix)];
      const place = new Map(prefixes.map((one, row) => [one, row]));
      const logps = this.forward(prefixes);
      for (let n = 0; n < count; n++) {
        const at = /** @type {number} */ (place.get(prefix[n])) * PHRASES;
        let phrase = 0;
        for (let end = 0; phrase < PHRASES - 1; phrase++) {
          end += Math.exp(logps[at + phrase]);
          if (uniform[n * SLOTS + slot] < end) break;
        }
        responses[n * SLOTS + slot] = phrase;
        phraseLogps[n * SLOTS + slot] = logps[at + phrase];
        prefix[n] = child(prefix[n], phrase);
      }
    }
    return { responses, phraseLogps };
  }
}

/** V(x, y_<t): the expected return before each phrase. Its head starts at zero. */
export class ValueModel {
  /** @param {ArrayLike<number>} trunk weights, copied @param {number} prompt @param {Arithmetic} arithmetic */
  constructor(trunk, prompt, arithmetic) {
    this.kernels = arithmetic.kernels;
    this.trunk = new Trunk(trunk, prompt, arithmetic);
    /** weight, then bias */
    this.head = arithmetic.numbers(WIDTH + 1);
    this.headGradient = arithmetic.numbers(WIDTH + 1);
    this.output = new Matrix(this.head, this.headGradient, 1, WIDTH);
    this.out = arithmetic.matrix(PREFIXES, 1);
  }

  /** What is trained, with its gradient. @returns {[Numbers, Numbers][]} */
  get parameters() {
    return [
      [this.head, this.headGradient],
      [this.trunk.weights, this.trunk.gradient],
    ];
  }

  /** The value after each prefix. @param {ArrayLike<number>} prefixes each once */
  forward(prefixes) {
    const { head, kernels, out, output, trunk } = this;
    const count = prefixes.length;
    const hidden = trunk.forward(prefixes);
    out.numbers.fill(head[WIDTH], 0, count);
    kernels.product(hidden, output, out, count);
    return new Float64Array(out.numbers.subarray(0, count));
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to the last values.
   *  @param {Float64Array} derivatives */
  backward(derivatives) {
    const { headGradient, kernels, out, output, trunk } = this;
    out.gradient.set(derivatives);
    headGradient.fill(0);
    headGradient[WIDTH] = derivatives.reduce((sum, d) => sum + d, 0);
    trunk.hidden.clearGradient(trunk.count);
    kernels.productBackward(trunk.hidden, output, out, trunk.count);
    trunk.backward();
  }
}
