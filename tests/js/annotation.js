// What the lab {data} makes of the labels {prompt, seed, labels} of each case, for so many {count} pairs.
import {
  align,
  chance_of_first,
  coin_flips,
  draw_pairs,
  feature_differences,
  fit,
  flattery,
  flattery_choices,
  parted,
  ranked_alike,
  ranked_alike_by,
} from "../../static/lab/named/annotation.js";
import { exact_logps } from "../../static/lab/named/exact.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { the_world } from "../../static/lab/named/world.js";
import { answer, asked } from "./answer.js";

const { data, cases, count } = asked;
openLab(data);
answer(
  cases.map(({ prompt, seed, labels }) => {
    const world = the_world();
    const reference = the_lab().reference_policy;
    const pairs = draw_pairs(reference, prompt, count, seed);
    const labeled = pairs.labeled([...labels].map((label) => label === "a"));
    const [train, test] = parted(labeled);
    const differences = feature_differences(world, train);
    const posterior = fit(differences);
    const { reference_logps } = the_lab().facts(prompt);
    const logps = train.length ? exact_logps(align(reference, train), prompt) : reference_logps;
    return {
      pairs: pairs.first.map((_, place) => pairs.responses(place)),
      lengths: [labeled.length, train.length, test.length],
      weights: posterior.weights,
      choices: flattery_choices(differences),
      chances: pairs.first.map((_, place) => chance_of_first(world, pairs, place, posterior)),
      alike: ranked_alike(feature_differences(world, test), posterior),
      alike_by_policy: ranked_alike_by(logps, reference_logps, test),
      flattery: flattery(world, prompt, logps),
      logps,
      coin: coin_flips(test.length),
    };
  }),
);
