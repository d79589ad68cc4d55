// What compiled code uses of Python's standard library, and of torch.
import { type_ } from "./builtins.js";
import { lt } from "./operators.js";
import { Dict, isArray, iter, named } from "./values.js";

export const math = {
  ...Object.fromEntries(
    /** @type {const} */ (["ceil", "cos", "exp", "expm1", "floor", "hypot", "log10", "log1p", "log2", "sin", "sqrt", "tanh", "trunc"]).map((name) => [name, Math[name]]),
  ),
  inf: Infinity,
  nan: NaN,
  pi: Math.PI,
  e: Math.E,
  isfinite: Number.isFinite,
  isnan: Number.isNaN,
  copysign: (/** @type {number} */ size, /** @type {number} */ sign) => Math.abs(size) * (sign < 0 || Object.is(sign, -0) ? -1 : 1),
  isclose: named(["a", "b", "rel_tol", "abs_tol"], (/** @type {number} */ a, /** @type {number} */ b, relative = 1e-9, absolute = 0) =>
    Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute),
  ),
  log: (/** @type {number} */ value, /** @type {number} */ base = Math.E) => (base === Math.E ? Math.log(value) : Math.log(value) / Math.log(base)),
  comb: (/** @type {number} */ of, /** @type {number} */ taken) => Array.from({ length: taken }).reduce((/** @type {number} */ found, _, n) => (found * (of - n)) / (n + 1), 1),
  prod: (/** @type {any} */ values) => [...values].reduce((found, value) => found * value, 1),
};

export const itertools = {
  pairwise: (/** @type {any} */ values) => [...iter(values)].map((value, n, all) => [value, all[n + 1]]).slice(0, -1),
  chain: Object.assign((/** @type {any[]} */ ...lists) => lists.flatMap((values) => [...iter(values)]), {
    from_iterable: (/** @type {any} */ lists) => [...iter(lists)].flatMap((values) => [...iter(values)]),
  }),
  product: (/** @type {any[]} */ ...lists) =>
    lists.reduce((/** @type {any[][]} */ found, values) => found.flatMap((start) => [...iter(values)].map((value) => [...start, value])), [[]]),
  accumulate: (/** @type {any} */ values) => {
    let total = 0;
    return [...iter(values)].map((value) => (total += value));
  },
};

export const dataclasses = {
  asdict: (/** @type {any} */ value) => asDict(value),
  replace: Object.assign(() => null, {
    keywords: (/** @type {any[]} */ [value], /** @type {any} */ pairs) => Object.assign(Object.create(Object.getPrototypeOf(value)), value, Object.fromEntries(pairs)),
  }),
};

/** Of a record, or of an object of the lab in its place. @type {(value: any) => any} */
const asDict = (value) => {
  if (value instanceof Map) return new Dict([...value].map(([name, one]) => [name, asDict(one)]));
  if (value !== null && typeof value === "object" && !isArray(value)) return new Dict(Object.entries(value).map(([name, one]) => [name, asDict(one)]));
  return Array.isArray(value) ? value.map(asDict) : value;
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

export const torch = { Tensor: type_({}, ArrayBuffer.isView) };
