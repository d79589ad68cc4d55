// The policies that the runs {prompt, method, strength, seed, reward_model} train on the lab {data}; and all methods.
import { METHODS, MethodRun, train_run } from "../../static/lab/named/methods.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { answer, asked } from "./answer.js";

openLab(asked.data);
const runs = asked.runs.map((run) => train_run(the_lab(), MethodRun(...MethodRun.params.map((name) => run[name]))));
answer({ methods: METHODS, params: MethodRun.params, runs });
