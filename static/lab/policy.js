// Networks on the trunk, in float64: the policy pi(y|x) of app/lab/network/policy.py, its value model, and the scores of
// phrases that a policy and a reward network have in common.
import { PARAMETERS as OF_A_TRUNK, Trunk, WIDTH } from "./trunk.js";
import { child, LENGTH, PHRASES, PROMPTS, SLOTS } from "./world.js";

/** How many numbers the output vectors for one prompt have. */
export const OF_A_HEAD = SLOTS * PHRASES * WIDTH;

/** A trunk with an output vector for each phrase: a score for the six phrases that can follow each prefix. */
export class PhraseScores {
  /** Weights are copied. @param {ArrayLike<number>} head @param {ArrayLike<number>} trunk @param {number} prompt */
  constructor(head, trunk, prompt) {
    this.prompt = prompt;
    this.trunk = new Trunk(trunk, prompt);
    this.head = Float64Array.from(head);
    this.headGradient = new Float64Array(this.head.length);
    this.hidden = new Float64Array(0);
  }

  /** What is trained, with its gradient. @returns {[Float64Array, Float64Array][]} */
  get parameters() {
    return [
      [this.head, this.headGradient],
      [this.trunk.weights, this.trunk.gradient],
    ];
  }

  /** The scores, in rows of six. @param {ArrayLike<number>} prefixes */
  scores(prefixes) {
    const hidden = this.trunk.forward(prefixes);
    const scores = new Float64Array(prefixes.length * PHRASES);
    this.hidden = hidden;
    for (let row = 0; row < prefixes.length; row++) {
      for (let phrase = 0; phrase < PHRASES; phrase++) {
        const output = (LENGTH[prefixes[row]] * PHRASES + phrase) * WIDTH;
        let sum = 0;
        for (let n = 0; n < WIDTH; n++) sum += this.head[output + n] * hidden[row * WIDTH + n];
        scores[row * PHRASES + phrase] = sum;
      }
    }
    return scores;
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to the last scores.
   *  @param {Float64Array} derivatives */
  backFromScores(derivatives) {
    const { head, headGradient, hidden, trunk } = this;
    const dHidden = new Float64Array(hidden.length);
    headGradient.fill(0);
    for (let row = 0; row < trunk.count; row++) {
      for (let phrase = 0; phrase < PHRASES; phrase++) {
        const d = derivatives[row * PHRASES + phrase];
        if (d === 0) continue;
        const output = (LENGTH[trunk.rows.prefixes[row]] * PHRASES + phrase) * WIDTH;
        for (let n = 0; n < WIDTH; n++) {
          headGradient[output + n] += d * hidden[row * WIDTH + n];
          dHidden[row * WIDTH + n] += d * head[output + n];
        }
      }
    }
    trunk.backward(dHidden);
  }
}

/** pi_theta(y|x), factored over the five slots. */
export class Policy extends PhraseScores {
  /** The policy of a file that has all prompts: output vectors first, then the trunk, as torch's named_parameters().
   *  @param {ArrayLike<number>} weights @param {number} prompt */
  static of(weights, prompt) {
    const expected = PROMPTS * OF_A_HEAD + OF_A_TRUNK;
    if (weights.length !== expected) throw new RangeError(`weights: ${weights.length} numbers, expected ${expected}`);
    const all = Float64Array.from(weights);
    const head = all.subarray(prompt * OF_A_HEAD, (prompt + 1) * OF_A_HEAD);
    return new Policy(head, all.subarray(PROMPTS * OF_A_HEAD), prompt);
  }

  /** A policy with the same weights. */
  copy() {
    return new Policy(this.head, this.trunk.weights, this.prompt);
  }

  /** log pi of the six phrases after each prefix, in rows. @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    const logps = this.scores(prefixes);
    for (let row = 0; row < prefixes.length; row++) {
      const six = logps.subarray(row * PHRASES, (row + 1) * PHRASES);
      const most = Math.max(...six);
      let total = 0;
      for (let phrase = 0; phrase < PHRASES; phrase++) total += Math.exp(six[phrase] - most);
      const normalizer = most + Math.log(total);
      for (let phrase = 0; phrase < PHRASES; phrase++) six[phrase] -= normalizer;
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
  /** @param {ArrayLike<number>} trunk weights, copied @param {number} prompt */
  constructor(trunk, prompt) {
    this.trunk = new Trunk(trunk, prompt);
    /** weight, then bias */
    this.head = new Float64Array(WIDTH + 1);
    this.headGradient = new Float64Array(WIDTH + 1);
    this.hidden = new Float64Array(0);
  }

  /** What is trained, with its gradient. @returns {[Float64Array, Float64Array][]} */
  get parameters() {
    return [
      [this.head, this.headGradient],
      [this.trunk.weights, this.trunk.gradient],
    ];
  }

  /** The value after each prefix. @param {ArrayLike<number>} prefixes */
  forward(prefixes) {
    const { head } = this;
    const hidden = this.trunk.forward(prefixes);
    this.hidden = hidden;
    return Float64Array.from({ length: prefixes.length }, (_, row) => {
      let sum = head[WIDTH];
      for (let n = 0; n < WIDTH; n++) sum += head[n] * hidden[row * WIDTH + n];
      return sum;
    });
  }

  /** Sets the gradients to those of a loss, from its derivatives with respect to the last values.
   *  @param {Float64Array} derivatives */
  backward(derivatives) {
    const { head, headGradient, hidden } = this;
    const dHidden = new Float64Array(hidden.length);
    headGradient.fill(0);
    derivatives.forEach((d, row) => {
      headGradient[WIDTH] += d;
      for (let n = 0; n < WIDTH; n++) {
        headGradient[n] += d * hidden[row * WIDTH + n];
        dHidden[row * WIDTH + n] = d * head[n];
      }
    });
    this.trunk.backward(dHidden);
  }
}
