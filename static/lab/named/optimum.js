// app/lab/optimum.py: what could be reached at best.
import { expectation, klDivergence, logSumExp } from "../exact.js";
import { named } from "./python.js";

/** log Z(x) of a reward. @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses
 *  @param {number} beta */
export const log_partition = (referenceLogps, reward, beta) => logSumExp(tilted(referenceLogps, reward, 1 / beta));

/** log pi_r(y|x), Eq. 4 of DPO (arXiv 2305.18290).
 *  @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses @param {number} beta */
export const optimal_logps = (referenceLogps, reward, beta) => normalized(tilted(referenceLogps, reward, 1 / beta));

const KL_TOLERANCE = 1e-12;
const ROOT_STEPS = 200;

/** log pi* of the beta whose optimum has this KL; null if no optimum is so far out. By Newton's method within bounds, as the
 *  KL grows with t = 1 / beta and has the derivative t Var[r].
 *  @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses @param {number} kl nats */
export const optimal_logps_at = (referenceLogps, reward, kl) => {
  const highest = reward.reduce((most, value) => Math.max(most, value), -Infinity);
  if (kl > -logSumExp(referenceLogps.filter((_, n) => reward[n] === highest))) return null;
  let [low, high] = [0, Infinity];
  const start = momentsAt(referenceLogps, reward, 0);
  let t = Math.sqrt((2 * kl) / start.variance);
  let used = t;
  for (let step = 0; step < ROOT_STEPS; step++) {
    used = t;
    const { logPartition, mean, variance } = momentsAt(referenceLogps, reward, t);
    const excess = t * mean - logPartition - kl;
    if (Math.abs(excess) <= KL_TOLERANCE) break;
    if (excess < 0) low = t;
    else high = t;
    const slope = t * variance;
    t = slope ? t - excess / slope : Infinity;
    if (!(low < t && t < high)) t = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return normalized(tilted(referenceLogps, reward, used));
};

/** log Z of pi_ref exp(t r), and mean and variance of r under pi_ref exp(t r) / Z, all in one pass.
 *  @param {Float64Array} referenceLogps @param {Float64Array} reward @param {number} t */
const momentsAt = (referenceLogps, reward, t) => {
  let most = -Infinity;
  for (let n = 0; n < reward.length; n++) most = Math.max(most, referenceLogps[n] + t * reward[n]);
  let [sum, first, second] = [0, 0, 0];
  for (let n = 0; n < reward.length; n++) {
    const weight = Math.exp(referenceLogps[n] + t * reward[n] - most);
    sum += weight;
    first += weight * reward[n];
    second += weight * reward[n] ** 2;
  }
  const mean = first / sum;
  return { logPartition: most + Math.log(sum), mean, variance: Math.max(0, second / sum - mean ** 2) };
};

/** @typedef {{ beta: number, kl: number, expected_reward: number }} FrontierPoint the optimum for one beta; KL in nats */

/** From almost greedy (0.01) to almost the reference (100), evenly in the logarithm. */
export const FRONTIER_BETAS = Array.from({ length: 161 }, (_, n) => 10 ** (n / 40 - 2));

/** The reward-KL frontier: no policy whatever lies above it. */
class RewardKLFrontier {
  /** @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses */
  constructor(referenceLogps, reward) {
    /** @type {number[]} */
    this.logPartitions = [];
    /** @type {FrontierPoint[]} */
    this.points = [];
    for (const beta of FRONTIER_BETAS) {
      const optimal = tilted(referenceLogps, reward, 1 / beta);
      const logPartition = logSumExp(optimal);
      optimal.forEach((logp, n) => (optimal[n] = logp - logPartition));
      this.logPartitions.push(logPartition);
      this.points.push({ beta, kl: klDivergence(optimal, referenceLogps), expected_reward: expectation(optimal, reward) });
    }
  }

  /** The most expected reward that any policy with this KL can have: E[r] <= beta log Z + beta KL for every beta.
   *  @param {number} kl nats */
  bound(kl) {
    return Math.min(...FRONTIER_BETAS.map((beta, n) => beta * (this.logPartitions[n] + kl)));
  }
}

/** @typedef {RewardKLFrontier} Frontier */

export const Frontier = named(
  ["reference_logps", "reward"],
  /** @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses */
  (referenceLogps, reward) => new RewardKLFrontier(referenceLogps, reward),
);

/** Exact log-probabilities of best-of-N: draw N from pi_ref, keep the one of highest reward. With F the distribution function
 *  of the reward, a response comes out with probability pi_ref(y) / P(r) (F(r)^N - F(r-)^N), where P(r) is the mass of all
 *  responses of its reward.
 *  @param {Float64Array} referenceLogps @param {Float64Array} reward both of all responses @param {number} n at least 1 */
export const best_of_n_logps = (referenceLogps, reward, n) => {
  /** @type {Map<number, number>} */
  const masses = new Map();
  referenceLogps.forEach((logp, at) => masses.set(reward[at], (masses.get(reward[at]) ?? 0) + Math.exp(logp)));
  /** log of the probability that this reward comes out, less log of its mass @type {Map<number, number>} */
  const gains = new Map();
  // Summed from above: the best rewards are rare, and 1 - (a tiny mass) keeps their digits.
  let from = 0;
  for (const value of Float64Array.from(masses.keys()).sort().reverse()) {
    const mass = /** @type {number} */ (masses.get(value));
    const above = from;
    from += mass;
    const logUpper = Math.log1p(-within(above));
    const below = within(1 - above - mass);
    // F^N - (F-)^N = F^N (1 - (F- / F)^N), each factor through logarithms
    const won = n * logUpper + Math.log(-Math.expm1(n * (Math.log(below) - logUpper)));
    gains.set(value, won - Math.log(mass));
  }
  return normalized(referenceLogps.map((logp, at) => logp + /** @type {number} */ (gains.get(reward[at]))));
};

/** @param {number} probability that rounding may have moved out of its range */
const within = (probability) => Math.min(Math.max(probability, 0), 1);

/** @param {Float64Array} referenceLogps @param {Float64Array} reward @param {number} t */
const tilted = (referenceLogps, reward, t) => referenceLogps.map((logp, n) => logp + t * reward[n]);

/** @param {Float64Array} logps */
const normalized = (logps) => {
  const total = logSumExp(logps);
  return logps.map((logp) => logp - total);
};
