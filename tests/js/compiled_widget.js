// Of a compiled widget {name} on the lab {data}: the page values in each of {states}, some of which have a reader's own text; or, of each of {results} that a state
// has given elsewhere, the stage.
import { fastest } from "../../static/lab/arithmetic.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { apply, plain } from "../../static/lab/python.js";
import { ownValues, pageValues } from "../../static/lab/serve.js";
import { answer, asked } from "./answer.js";
import { kernels } from "./arithmetic.js";

const { name, data, states, results } = asked;
const widget = await import(`../../build/javascript/widgets/${name}.js`);
openLab(data, fastest(kernels));

/** @type {(state: any, number: number) => any} */
const made = (state, number) => {
  if ("text" in state) return ownValues(widget, state);
  const params = apply(widget.Params, [], Object.entries(state));
  const values = results ? plain(widget.stage(params, results[number]).json) : pageValues(widget, params);
  the_lab().forget();
  return values;
};

answer(states.map(made));
