// What scripts for tests/node.py have in common: what was asked on standard input, and the answer on standard output, with
// typed arrays and maps as JSON has them.
import { readFileSync } from "node:fs";

export const asked = JSON.parse(readFileSync(0, "utf8"));

/** @param {unknown} value */
const plain = (value) => {
  if (ArrayBuffer.isView(value)) return Array.from(/** @type {Float64Array} */ (value));
  return value instanceof Map ? Object.fromEntries(value) : value;
};

/** @param {unknown} made */
export const answer = (made) => process.stdout.write(JSON.stringify(made, (_, value) => plain(value)));
