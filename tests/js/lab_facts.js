// What is exact about each prompt of the lab {data} that is asked about, and some closed forms of its first one.
import { phrase_logps } from "../../static/lab/named/exact.js";
import { measure } from "../../static/lab/named/measure.js";
import { best_of_n_logps, optimal_logps, optimal_logps_at } from "../../static/lab/named/optimum.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { PROMPTS, the_world } from "../../static/lab/named/world.js";
import { answer, asked } from "./answer.js";

const { data, beta, kls, draws, responses, seed } = asked;
openLab(data);
const prompts = Array.from({ length: PROMPTS }, (_, prompt) => {
  const { reference_logps, true_quality, learned_rewards, frontier } = the_lab().facts(prompt);
  const bounds = kls.map((kl) => frontier.bound(kl));
  const text = the_world().text(prompt, responses[0]);
  const { chosen, rejected } = the_lab().comparisons(prompt, seed);
  const dpo_logps = the_lab().dpo_logps(prompt);
  return { reference_logps, dpo_logps, true_quality, learned_rewards, points: frontier.points, bounds, text, chosen, rejected };
});
const facts = the_lab().facts(0);
const reward = facts.learned_rewards.get("additive");
const optimum = optimal_logps(facts.reference_logps, reward, beta);
answer({
  prompts,
  optimum,
  measured: measure(optimum, facts, reward),
  optima: kls.map((kl) => optimal_logps_at(facts.reference_logps, facts.true_quality, kl)),
  best: draws.map((n) => best_of_n_logps(facts.reference_logps, reward, n)),
  phrases: phrase_logps(optimum, responses),
});
