// Adam (arXiv 1412.6980, Algorithm 1), as in app/lab/network/adam.py.
import { float64 } from "./arithmetic.js";

/** @typedef {import("./matrix.js").Numbers} Numbers */

const BETA1 = 0.9;
const BETA2 = 0.999;

export class Adam {
  /** @param {[weights: Numbers, gradient: Numbers][]} parameters @param {number} [eps]
   *  @param {import("./arithmetic.js").Arithmetic} [arithmetic] in which the parameters are */
  constructor(parameters, eps = 1e-8, arithmetic = float64) {
    this.eps = eps;
    this.kernels = arithmetic.kernels;
    this.steps = 0;
    this.moments = parameters.map(([weights, gradient]) => ({
      weights,
      gradient,
      means: arithmetic.numbers(weights.length),
      squares: arithmetic.numbers(weights.length),
    }));
  }

  /** Moves every weight against its gradient. @param {number} learningRate */
  step(learningRate) {
    this.steps++;
    const rate = learningRate / (1 - BETA1 ** this.steps);
    const correction = Math.sqrt(1 - BETA2 ** this.steps);
    for (const moments of this.moments) this.kernels.adam(moments, BETA1, BETA2, rate, correction, this.eps);
  }
}
