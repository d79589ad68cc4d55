// Inner loops of networks in plain JavaScript, for float64 and float32. kernels.ts has the same for vectors of float32.
import { found, normal } from "./gaussian.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./matrix.js").Numbers} Numbers */
/** @typedef {{ weight: Matrix, bias: Matrix, normalized: Numbers, scale: Numbers }} Norm
 *  what a layer norm has, and what it keeps of each row: the row normalized, and what it was scaled by */

/** y += x w^T, for so many rows from one on.
 *  @param {Matrix} x @param {Matrix} w @param {Matrix} y @param {number} rows @param {number} [first] */
export const product = (x, w, y, rows, first = 0) => {
  const { numbers: xs, columns: inputs } = x;
  const { numbers: ws, rows: outputs } = w;
  const { numbers: ys } = y;
  for (let row = first; row < first + rows; row++) {
    const from = x.start + row * x.stride;
    const to = y.start + row * y.stride;
    for (let output = 0; output < outputs; output++) {
      const at = w.start + output * w.stride;
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      // Four sums at a time: one alone would wait for each addition to be done.
      for (let input = 0; input < inputs; input += 4) {
        sum0 += ws[at + input] * xs[from + input];
        sum1 += ws[at + input + 1] * xs[from + input + 1];
        sum2 += ws[at + input + 2] * xs[from + input + 2];
        sum3 += ws[at + input + 3] * xs[from + input + 3];
      }
      ys[to + output] += sum0 + sum1 + (sum2 + sum3);
    }
  }
};

/** Adds to the gradients of x and w.
 *  @param {Matrix} x @param {Matrix} w @param {Matrix} y @param {number} rows @param {number} [first] */
export const productBackward = (x, w, y, rows, first = 0) => {
  const { numbers: xs, gradient: dxs, columns: inputs } = x;
  const { numbers: ws, gradient: dws, rows: outputs } = w;
  const dys = y.gradient;
  for (let row = first; row < first + rows; row++) {
    const from = x.start + row * x.stride;
    for (let output = 0; output < outputs; output++) {
      const d = dys[y.start + row * y.stride + output];
      if (d === 0) continue;
      const at = w.start + output * w.stride;
      for (let input = 0; input < inputs; input++) {
        dws[at + input] += d * xs[from + input];
        dxs[from + input] += d * ws[at + input];
      }
    }
  }
};

/** y += bias, in each row. @param {Matrix} bias @param {Matrix} y @param {number} rows */
export const addToRows = (bias, y, rows) => {
  const width = y.columns;
  for (let at = 0; at < rows * width; at += width) {
    for (let n = 0; n < width; n++) y.numbers[at + n] += bias.numbers[bias.start + n];
  }
};

/** Adds to the gradient of a bias. @param {Matrix} bias @param {Matrix} y @param {number} rows */
export const addToRowsBackward = (bias, y, rows) => {
  const width = y.columns;
  for (let at = 0; at < rows * width; at += width) {
    for (let n = 0; n < width; n++) bias.gradient[bias.start + n] += y.gradient[at + n];
  }
};

/** Layer norm of rows. @param {Norm} norm @param {Matrix} x @param {Matrix} y @param {number} rows @param {number} eps */
export const normalize = ({ weight, bias, normalized, scale }, x, y, rows, eps) => {
  const width = x.columns;
  const { numbers: xs } = x;
  const { numbers: ys } = y;
  const { numbers: ws } = weight;
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    let mean = 0;
    for (let n = 0; n < width; n++) mean += xs[from + n];
    mean /= width;
    let variance = 0;
    for (let n = 0; n < width; n++) variance += (xs[from + n] - mean) ** 2;
    const by = 1 / Math.sqrt(variance / width + eps);
    scale[row] = by;
    for (let n = 0; n < width; n++) {
      const value = (xs[from + n] - mean) * by;
      normalized[from + n] = value;
      ys[from + n] = value * ws[weight.start + n] + bias.numbers[bias.start + n];
    }
  }
};

/** Adds to the gradients of a layer norm and of its x.
 *  @param {Norm} norm @param {Matrix} x @param {Matrix} y @param {number} rows */
export const normalizeBackward = ({ weight, bias, normalized, scale }, x, y, rows) => {
  const width = x.columns;
  const { gradient: dxs } = x;
  const { gradient: dys } = y;
  const { numbers: ws, gradient: dws } = weight;
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    let sum = 0;
    let along = 0;
    for (let n = 0; n < width; n++) {
      const d = dys[from + n];
      dws[weight.start + n] += d * normalized[from + n];
      bias.gradient[bias.start + n] += d;
      const scaled = d * ws[weight.start + n];
      sum += scaled;
      along += scaled * normalized[from + n];
    }
    sum /= width;
    along /= width;
    for (let n = 0; n < width; n++) {
      const scaled = dys[from + n] * ws[weight.start + n];
      dxs[from + n] += scale[row] * (scaled - sum - normalized[from + n] * along);
    }
  }
};

/** x = GELU(x), exactly, and its slope. @param {Numbers} x @param {Numbers} slope @param {number} count */
export const gelu = (x, slope, count) => {
  for (let n = 0; n < count; n++) {
    normal(x[n]);
    slope[n] = found.distribution + x[n] * found.density;
    x[n] *= found.distribution;
  }
};

/** x *= factors. @param {Numbers} x @param {Numbers} factors @param {number} count */
export const multiply = (x, factors, count) => {
  for (let n = 0; n < count; n++) x[n] *= factors[n];
};

/** Weights with their gradient, and what Adam keeps of them: means of the gradient and of its square.
 *  @typedef {{ weights: Numbers, gradient: Numbers, means: Numbers, squares: Numbers }} Moments */

/** A step of Adam. The rate, and the root of the squares, are corrected for moments that start at zero.
 *  @param {Moments} moments @param {number} beta1 @param {number} beta2 @param {number} rate @param {number} correction
 *  @param {number} eps */
export const adam = ({ weights, gradient, means, squares }, beta1, beta2, rate, correction, eps) => {
  for (let n = 0; n < weights.length; n++) {
    means[n] += (1 - beta1) * (gradient[n] - means[n]);
    squares[n] = beta2 * squares[n] + (1 - beta2) * gradient[n] * gradient[n];
    weights[n] -= (rate * means[n]) / (Math.sqrt(squares[n]) / correction + eps);
  }
};
