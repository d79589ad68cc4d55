// Adam (arXiv 1412.6980, Algorithm 1), with the defaults of torch.

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPS = 1e-8;

export class Adam {
  /** @param {number} parameters how many */
  constructor(parameters) {
    this.means = new Float64Array(parameters);
    this.squares = new Float64Array(parameters);
    this.steps = 0;
  }

  /** Moves every weight against its gradient. @param {Float64Array} weights @param {Float64Array} gradient @param {number} learningRate */
  step(weights, gradient, learningRate) {
    this.steps++;
    const rate = learningRate / (1 - BETA1 ** this.steps);
    const correction = Math.sqrt(1 - BETA2 ** this.steps);
    const { means, squares } = this;
    for (let n = 0; n < weights.length; n++) {
      means[n] += (1 - BETA1) * (gradient[n] - means[n]);
      squares[n] = BETA2 * squares[n] + (1 - BETA2) * gradient[n] * gradient[n];
      weights[n] -= (rate * means[n]) / (Math.sqrt(squares[n]) / correction + EPS);
    }
  }
}
