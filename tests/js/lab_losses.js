// Losses and gradients, for a JSON object on standard input: {batch, cases}, each case {lossType, beta, params}. Writes for
// each case its three columns, or what it is refused with. JSON has no infinities and no NaN: they are written as texts.
import { readFileSync } from "node:fs";
import { trainingLoss } from "../../static/lab/losses.js";

/** @type {(column: Float64Array) => (number | string)[]} */
const written = (column) => Array.from(column, (value) => (Number.isFinite(value) ? value : String(value)));

const { batch, cases } = JSON.parse(readFileSync(0, "utf8"));
const pairs = Object.fromEntries(Object.entries(batch).map(([name, column]) => [name, Float64Array.from(column)]));

/** @type {(asked: any) => any} */
const answer = ({ lossType, beta, params }) => {
  try {
    const { losses, chosen, rejected } = trainingLoss(lossType, pairs, beta, params);
    return { columns: [losses, chosen, rejected].map(written) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { refused: error.message };
  }
};

process.stdout.write(JSON.stringify(cases.map(answer)));
