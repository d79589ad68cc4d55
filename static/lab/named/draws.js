// app/lab/draws.py: random numbers of streams.
import { Draws as Numbers } from "../draws.js";
import { STREAM } from "../preferences.js";
import { named } from "./python.js";

export const Stream = STREAM;

class NumbersOfAnyShape extends Numbers {
  /** One integer if no count is given. @param {number} bound @param {number} [count] @returns {any} */
  integers(bound, count) {
    const drawn = super.integers(bound, count ?? 1);
    return count === undefined ? drawn[0] : drawn;
  }
}

export const Draws = named(
  ["seed", "stream", "part"],
  /** @param {number} seed @param {number} stream @param {number} [part] */
  (seed, stream, part) => new NumbersOfAnyShape(seed, stream, part),
);
