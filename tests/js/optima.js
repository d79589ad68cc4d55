// Of each prompt of the lab {data} and each of {rewards}: the optima at {betas}, what they are compared with, and the curve.
import { beta_points, optima, reference_numbers, reward_histogram } from "../../static/lab/named/optima.js";
import { openLab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

const { data, prompts, rewards, betas } = asked;
openLab(data);
answer(
  prompts.flatMap((prompt) =>
    rewards.map((reward) => ({
      optima: optima(prompt, reward, betas),
      reference: reference_numbers(prompt, reward),
      points: beta_points(prompt, reward),
      histogram: reward_histogram(prompt, reward, betas[0], 48),
    })),
  ),
);
