// A run of DPO on the lab {data}, watched from inside, for {prompt, seed, config}; what gained most at its end.
import { displacement, most_gained } from "../../static/lab/named/displacement.js";
import { DPOConfig } from "../../static/lab/named/dpo.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

const { data, runs, count } = asked;
openLab(data);
answer(
  runs.map(({ prompt, seed, config }) => {
    const pairs = the_lab().comparisons(prompt, seed);
    const looks = [...displacement(the_lab(), pairs, { ...DPOConfig(), ...config })];
    return { looks, gained: most_gained(looks.at(-1), the_lab().facts(prompt), count) };
  }),
);
