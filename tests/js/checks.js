// What the checks of one kind come to on the lab {data}, against the numbers {recorded}, after something was broken: {loss}
// has a wrong derivative, {backward} is wrong in policies, or the {optimum} is not normalized.
import { readFileSync } from "node:fs";
import { derivation } from "../../static/lab/checks/derivation.js";
import { kindsOf } from "../../static/lab/checks/kinds.js";
import { checked } from "../../static/lab/checks/report.js";
import { LOSSES } from "../../static/lab/losses.js";
import { optimal_logps } from "../../static/lab/named/optimum.js";
import { openLab, the_lab } from "../../static/lab/named/trained.js";
import { Policy } from "../../static/lab/policy.js";
import { answer, asked } from "./answer.js";

const WRONG = 1 + 1e-5;

const { data, recorded, title, loss, backward, optimum } = asked;
if (loss) {
  const right = LOSSES[loss];
  LOSSES[loss] = (...given) => {
    const [value, chosen, rejected] = right(...given);
    return [value, WRONG * chosen, rejected];
  };
}
if (backward) {
  const right = Policy.prototype.backward;
  Policy.prototype.backward = function (derivatives) {
    right.call(this, derivatives.map((derivative) => WRONG * derivative));
  };
}
const kernels = readFileSync(new URL("../../static/built/kernels.wasm", import.meta.url));
const kinds = kindsOf(data, recorded, kernels).filter((kind) => !title || kind.title === title);
const unnormalized = (...given) => optimal_logps(...given).map((logp) => logp + 1e-8);
openLab(data);
const events = [...checked(optimum ? [derivation(the_lab(), unnormalized)] : kinds)];
answer({ progress: events.length - 1, report: events.at(-1)[1] });
