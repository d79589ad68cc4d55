// Linear layers and layer norms over rows of numbers, forward and backward.

/** @typedef {import("./arithmetic.js").Arithmetic} Arithmetic */
/** @typedef {import("./matrix.js").Matrix} Matrix */

const EPS = 1e-5;

/** A linear layer: inputs @ weight.T + bias. */
export class Linear {
  /** @param {Arithmetic} arithmetic @param {Matrix} weight @param {Matrix} bias in one row */
  constructor({ kernels }, weight, bias) {
    this.kernels = kernels;
    this.weight = weight;
    this.bias = bias;
  }

  /** Adds to y. @param {Matrix} x @param {Matrix} y @param {number} rows */
  forward(x, y, rows) {
    this.kernels.product(x, this.weight, y, rows);
    this.kernels.addToRows(this.bias, y, rows);
  }

  /** Adds to the gradients of the layer and of x. @param {Matrix} x @param {Matrix} y @param {number} rows */
  backward(x, y, rows) {
    this.kernels.productBackward(x, this.weight, y, rows);
    this.kernels.addToRowsBackward(this.bias, y, rows);
  }
}

/** A layer norm with weight and bias, as torch has it. Keeps what ``backward`` needs of the last ``forward``. */
export class LayerNorm {
  /** @param {Arithmetic} arithmetic @param {Matrix} weight @param {Matrix} bias both in one row
   *  @param {number} rows at most so many */
  constructor({ kernels, numbers }, weight, bias, rows) {
    this.kernels = kernels;
    this.weight = weight;
    this.bias = bias;
    this.normalized = numbers(rows * weight.columns);
    this.scale = numbers(rows);
  }

  /** @param {Matrix} x @param {Matrix} y @param {number} rows */
  forward(x, y, rows) {
    this.kernels.normalize(this, x, y, rows, EPS);
  }

  /** Adds to the gradients of the layer and of x. @param {Matrix} x @param {Matrix} y @param {number} rows */
  backward(x, y, rows) {
    this.kernels.normalizeBackward(this, x, y, rows);
  }
}
