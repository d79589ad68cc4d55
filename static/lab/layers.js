// Linear layers and layer norms over rows of numbers, forward and backward. All numbers of a network lie in one
// array, ``weights``, and its gradient in another of the same order; a layer knows where its own begin.

const EPS = 1e-5;

/** A linear layer: inputs @ weight.T + bias. */
export class Linear {
  /** @param {number} weight where its weight begins @param {number} bias @param {number} inputs @param {number} outputs */
  constructor(weight, bias, inputs, outputs) {
    this.weight = weight;
    this.bias = bias;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Adds to y, whose rows have ``outputs`` numbers.
   *  @param {Float64Array} weights @param {Float64Array} x @param {Float64Array} y @param {number} rows */
  forward(weights, x, y, rows) {
    const { inputs, outputs } = this;
    for (let row = 0; row < rows; row++) {
      const from = row * inputs;
      for (let output = 0; output < outputs; output++) {
        const at = this.weight + output * inputs;
        let sum0 = weights[this.bias + output];
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        // Four sums at a time: one alone would wait for each addition to be done.
        for (let input = 0; input < inputs; input += 4) {
          sum0 += weights[at + input] * x[from + input];
          sum1 += weights[at + input + 1] * x[from + input + 1];
          sum2 += weights[at + input + 2] * x[from + input + 2];
          sum3 += weights[at + input + 3] * x[from + input + 3];
        }
        y[row * outputs + output] += sum0 + sum1 + (sum2 + sum3);
      }
    }
  }

  /** Adds to the gradients of the layer and of x.
   *  @param {Float64Array} weights @param {Float64Array} gradient @param {Float64Array} x @param {Float64Array} dy
   *  @param {Float64Array} dx @param {number} rows */
  backward(weights, gradient, x, dy, dx, rows) {
    const { inputs, outputs } = this;
    for (let row = 0; row < rows; row++) {
      const from = row * inputs;
      for (let output = 0; output < outputs; output++) {
        const d = dy[row * outputs + output];
        if (d === 0) continue;
        gradient[this.bias + output] += d;
        const at = this.weight + output * inputs;
        for (let input = 0; input < inputs; input++) {
          gradient[at + input] += d * x[from + input];
          dx[from + input] += d * weights[at + input];
        }
      }
    }
  }
}

/** A layer norm with weight and bias, as torch has it. Keeps what ``backward`` needs of the last ``forward``. */
export class LayerNorm {
  /** @param {number} weight where its weight begins @param {number} bias @param {number} width */
  constructor(weight, bias, width) {
    this.weight = weight;
    this.bias = bias;
    this.width = width;
    this.normalized = new Float64Array(0);
    this.scale = new Float64Array(0);
  }

  /** @param {Float64Array} weights @param {Float64Array} x @param {Float64Array} y @param {number} rows */
  forward(weights, x, y, rows) {
    const { width } = this;
    if (this.scale.length < rows) {
      this.normalized = new Float64Array(rows * width);
      this.scale = new Float64Array(rows);
    }
    for (let row = 0; row < rows; row++) {
      const from = row * width;
      let mean = 0;
      for (let n = 0; n < width; n++) mean += x[from + n];
      mean /= width;
      let variance = 0;
      for (let n = 0; n < width; n++) variance += (x[from + n] - mean) ** 2;
      const scale = 1 / Math.sqrt(variance / width + EPS);
      this.scale[row] = scale;
      for (let n = 0; n < width; n++) {
        const normalized = (x[from + n] - mean) * scale;
        this.normalized[from + n] = normalized;
        y[from + n] = normalized * weights[this.weight + n] + weights[this.bias + n];
      }
    }
  }

  /** Adds to the gradients of the layer and of x.
   *  @param {Float64Array} weights @param {Float64Array} gradient @param {Float64Array} dy @param {Float64Array} dx
   *  @param {number} rows */
  backward(weights, gradient, dy, dx, rows) {
    const { width, normalized } = this;
    for (let row = 0; row < rows; row++) {
      const from = row * width;
      let sum = 0;
      let along = 0;
      for (let n = 0; n < width; n++) {
        const d = dy[from + n];
        gradient[this.weight + n] += d * normalized[from + n];
        gradient[this.bias + n] += d;
        const scaled = d * weights[this.weight + n];
        sum += scaled;
        along += scaled * normalized[from + n];
      }
      sum /= width;
      along /= width;
      for (let n = 0; n < width; n++) {
        const scaled = dy[from + n] * weights[this.weight + n];
        dx[from + n] += this.scale[row] * (scaled - sum - normalized[from + n] * along);
      }
    }
  }
}
