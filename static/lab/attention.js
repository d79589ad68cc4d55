// Attention of the trunk. As it has one block, queries, keys and values depend on a token and its place alone, and a token
// has one place: scores and values are worked out between the 25 tokens, and looked up for prefixes.
import { LENGTH, SLOTS, TOKENS, TOKENS_OF } from "./world.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */

export class AttentionHead {
  /** @param {import("./arithmetic.js").Arithmetic} arithmetic
   *  @param {Matrix} query of each token @param {Matrix} key @param {Matrix} value
   *  @param {Matrix} project what a value adds to the residual stream @param {number} rows at most so many prefixes */
  constructor(arithmetic, query, key, value, project, rows) {
    this.kernels = arithmetic.kernels;
    this.query = query;
    this.key = key;
    this.value = value;
    this.project = project;
    this.scale = 1 / Math.sqrt(key.columns);
    /** of a query (row) and a key, not yet scaled */
    this.scores = arithmetic.matrix(TOKENS, TOKENS);
    /** values as the residual stream gets them */
    this.projected = arithmetic.matrix(TOKENS, project.rows);
    /** how much each prefix attends to its tokens */
    this.shares = arithmetic.numbers(rows * SLOTS);
    this.slopes = new Float64Array(SLOTS);
  }

  /** Adds to the residual stream. @param {Uint16Array} prefixes @param {Matrix} stream @param {number} rows */
  forward(prefixes, stream, rows) {
    const { kernels, projected, scale, scores, shares } = this;
    scores.numbers.fill(0);
    kernels.product(this.query, this.key, scores, TOKENS);
    projected.numbers.fill(0);
    kernels.product(this.value, this.project, projected, TOKENS);
    const width = stream.columns;
    for (let row = 0; row < rows; row++) {
      const tokens = prefixes[row] * SLOTS;
      const length = LENGTH[prefixes[row]];
      const of = TOKENS_OF[tokens + length] * TOKENS;
      const at = row * SLOTS;
      let most = -Infinity;
      for (let n = 0; n <= length; n++) most = Math.max(most, scores.numbers[of + TOKENS_OF[tokens + n]]);
      let total = 0;
      for (let n = 0; n <= length; n++) {
        const share = Math.exp(scale * (scores.numbers[of + TOKENS_OF[tokens + n]] - most));
        shares[at + n] = share;
        total += share;
      }
      for (let n = 0; n <= length; n++) {
        const share = shares[at + n] / total;
        shares[at + n] = share;
        const from = TOKENS_OF[tokens + n] * width;
        for (let i = 0; i < width; i++) stream.numbers[row * width + i] += share * projected.numbers[from + i];
      }
    }
  }

  /** Adds to the gradients of queries, keys, values and project. @param {Uint16Array} prefixes @param {Matrix} stream
   *  @param {number} rows */
  backward(prefixes, stream, rows) {
    const { kernels, projected, scale, scores, shares, slopes } = this;
    scores.clearGradient();
    projected.clearGradient();
    const width = stream.columns;
    for (let row = 0; row < rows; row++) {
      const tokens = prefixes[row] * SLOTS;
      const length = LENGTH[prefixes[row]];
      const of = TOKENS_OF[tokens + length] * TOKENS;
      const at = row * SLOTS;
      let mean = 0;
      for (let n = 0; n <= length; n++) {
        const from = TOKENS_OF[tokens + n] * width;
        const share = shares[at + n];
        let slope = 0;
        for (let i = 0; i < width; i++) {
          const d = stream.gradient[row * width + i];
          slope += d * projected.numbers[from + i];
          projected.gradient[from + i] += share * d;
        }
        slopes[n] = slope;
        mean += share * slope;
      }
      for (let n = 0; n <= length; n++) {
        scores.gradient[of + TOKENS_OF[tokens + n]] += scale * shares[at + n] * (slopes[n] - mean);
      }
    }
    kernels.productBackward(this.query, this.key, scores, TOKENS);
    kernels.productBackward(this.value, this.project, projected, TOKENS);
  }
}
