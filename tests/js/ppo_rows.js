// The rows of PPO on the lab {data}, for {prompt, config, kind}; and whether they come a second time as they were.
import { PPOConfig } from "../../static/lab/named/ppo.js";
import { finished_ppo } from "../../static/lab/named/runs.js";
import { openLab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

const { data, runs } = asked;
openLab(data);
answer(
  runs.map(({ prompt, config, kind }) => {
    const run = () => finished_ppo(prompt, PPOConfig(...PPOConfig.params.map((name) => config[name])), kind);
    const rows = run();
    return { rows, kept: run().every((row, n) => row === rows[n]) };
  }),
);
