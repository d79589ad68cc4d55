// Adam (arXiv 1412.6980, Algorithm 1), as in app/lab/network/adam.py.

const BETA1 = 0.9;
const BETA2 = 0.999;

export class Adam {
  /** @param {[weights: Float64Array, gradient: Float64Array][]} parameters @param {number} [eps] */
  constructor(parameters, eps = 1e-8) {
    this.eps = eps;
    this.steps = 0;
    this.moments = parameters.map(([weights, gradient]) => ({
      weights,
      gradient,
      means: new Float64Array(weights.length),
      squares: new Float64Array(weights.length),
    }));
  }

  /** Moves every weight against its gradient. @param {number} learningRate */
  step(learningRate) {
    this.steps++;
    const rate = learningRate / (1 - BETA1 ** this.steps);
    const correction = Math.sqrt(1 - BETA2 ** this.steps);
    for (const { weights, gradient, means, squares } of this.moments) {
      for (let n = 0; n < weights.length; n++) {
        means[n] += (1 - BETA1) * (gradient[n] - means[n]);
        squares[n] = BETA2 * squares[n] + (1 - BETA2) * gradient[n] * gradient[n];
        weights[n] -= (rate * means[n]) / (Math.sqrt(squares[n]) / correction + this.eps);
      }
    }
  }
}
