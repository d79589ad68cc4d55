// The reward-KL frontier of app/lab/optimum.py: no policy whatever lies above it.
import { RESPONSES } from "./world.js";

/** From almost greedy (0.01) to almost the reference (100), evenly in the logarithm. */
const BETAS = Float64Array.from({ length: 161 }, (_, n) => 10 ** (n / 40 - 2));

export class Frontier {
  /** @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses */
  constructor(referenceLogps, reward) {
    /** log Z for each beta, Eq. 4 of DPO (arXiv 2305.18290) */
    this.logPartitions = BETAS.map((beta) => {
      let most = -Infinity;
      for (let n = 0; n < RESPONSES; n++) most = Math.max(most, referenceLogps[n] + reward[n] / beta);
      let sum = 0;
      for (let n = 0; n < RESPONSES; n++) sum += Math.exp(referenceLogps[n] + reward[n] / beta - most);
      return most + Math.log(sum);
    });
  }

  /** The most expected reward that any policy with this KL can have: E[r] <= beta log Z + beta KL for every beta.
   *  @param {number} kl nats */
  bound(kl) {
    return Math.min(...BETAS.map((beta, n) => beta * (this.logPartitions[n] + kl)));
  }
}
