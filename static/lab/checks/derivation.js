// The derivation of DPO (arXiv 2305.18290, section 4): the optimum of Eq. 4, and the reward that Eq. 5 recovers from it.
import { expectation, klDivergence } from "../exact.js";
import { optimal_logps } from "../named/optimum.js";
import { RESPONSES } from "../world.js";
import { furthest } from "./outcome.js";

const BETAS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5];

/** For each reward: it is beta log(pi* / pi_ref) + beta log Z for all 7,776 responses; and the objective at the optimum,
 *  E[r] - beta KL, is beta log Z. Z is summed here, and not taken from the optimum.
 *  @param {import("../named/trained.js").Lab} lab @param {number} prompt @param {number} beta @param {typeof optimal_logps} optimum */
const residual = (lab, prompt, beta, optimum) => {
  const facts = lab.facts(prompt);
  const reference = facts.reference_logps;
  const rewards = [facts.true_quality, ...facts.learned_rewards.values()];
  const recovered = rewards.flatMap((reward) => {
    const partition = reference.reduce((sum, logp, n) => sum + Math.exp(logp) * Math.exp(reward[n] / beta), 0);
    const shift = beta * Math.log(partition);
    const optimal = optimum(reference, reward, beta);
    const objective = expectation(optimal, reward) - beta * klDivergence(optimal, reference);
    return [...optimal.map((logp, n) => beta * (logp - reference[n]) + shift), reward[0] + objective - shift];
  });
  const expected = rewards.flatMap((reward) => [...reward, reward[0]]);
  const names = ["true quality", ...facts.learned_rewards.keys()];
  const place = (/** @type {number} */ n) => {
    const response = n % (RESPONSES + 1);
    return `${names[Math.floor(n / (RESPONSES + 1))]} of ${response < RESPONSES ? `response ${response}` : "the objective"}`;
  };
  return furthest(`${lab.world.prompts[prompt].id} at beta ${beta}`, expected, recovered, place);
};

/** @param {import("../named/trained.js").Lab} lab in float64 @param {typeof optimal_logps} [optimum]
 *  @returns {import("./outcome.js").Kind} */
export const derivation = (lab, optimum = optimal_logps) => ({
  title: "Derivation",
  unit: "of reward",
  tolerance: 1e-10,
  checks: lab.world.prompts.flatMap((_, prompt) => BETAS.map((beta) => () => residual(lab, prompt, beta, optimum))),
});
