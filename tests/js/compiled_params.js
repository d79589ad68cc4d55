// The parameters of a compiled widget {name}, of what was {given}.
import { apply, plain } from "../../static/lab/python.js";
import { answer, asked } from "./answer.js";

const { Params } = await import(`../../build/javascript/widgets/${asked.name}.js`);

answer(plain(apply(Params, [], Object.entries(asked.given))));
