// What compiled code uses of Python's standard library.
import { lt } from "./operators.js";
import { iter, named, open } from "./values.js";

export const math = {
  ...Object.fromEntries(
    /** @type {const} */ (["ceil", "exp", "floor", "hypot", "log", "log10", "log1p", "sqrt"]).map((name) => [name, Math[name]]),
  ),
  inf: Infinity,
  isclose: named(["a", "b", "rel_tol", "abs_tol"], (/** @type {number} */ a, /** @type {number} */ b, relative = 1e-9, absolute = 0) =>
    Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute),
  ),
};

export const itertools = {
  pairwise: (/** @type {any} */ values) => [...iter(values)].map((value, n, all) => [value, all[n + 1]]).slice(0, -1),
  accumulate: (/** @type {any} */ values) => {
    let total = 0;
    return [...iter(values)].map((value) => (total += value));
  },
};

export const dataclasses = {
  /** A record with some fields changed. */
  replace: open(([record], changes) => record.model_copy(new Map(Object.entries(changes)))),
};

export const bisect = {
  bisect_left: (/** @type {any[]} */ values, /** @type {any} */ value) => {
    const found = values.findIndex((one) => !lt(one, value));
    return found < 0 ? values.length : found;
  },
  bisect_right: (/** @type {any[]} */ values, /** @type {any} */ value) => {
    const found = values.findIndex((one) => lt(value, one));
    return found < 0 ? values.length : found;
  },
};
