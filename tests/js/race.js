// Races on the lab {data}, for each of {races} the legs; and what each pipeline consists of.
import { DPOConfig } from "../../static/lab/named/dpo.js";
import { DPOPipeline, RLHFPipeline } from "../../static/lab/named/pipelines.js";
import { PPOConfig } from "../../static/lab/named/ppo.js";
import { race, race_legs } from "../../static/lab/named/race.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

openLab(asked.data);
const all = (legs) => legs.map((leg) => ({ ...leg, parameters_in_memory: leg.parameters_in_memory }));
const races = asked.races.map(({ prompt, dpo, ppo, kind, legs }) =>
  all([...race(the_lab(), prompt, { ...DPOConfig(), ...dpo }, { ...PPOConfig(), ...ppo }, kind, legs)]),
);
const first = race_legs(0, 1, 0.3, 0.3, "additive").next().value;
const pipelines = [RLHFPipeline, DPOPipeline].map(({ method, stages, hyperparameters }) => ({ method, stages, hyperparameters }));
answer({ races, pipelines, first: first.measured });
