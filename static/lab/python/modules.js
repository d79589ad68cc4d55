// What compiled code uses of Python's standard library.
import { ValueError } from "./errors.js";
import { lt, same } from "./operators.js";
import { lgamma } from "./special.js";
import { Dict, iter, named, open } from "./values.js";

export const math = {
  ...Object.fromEntries(
    /** @type {const} */ (["atanh", "ceil", "exp", "floor", "hypot", "log", "log10", "log1p", "sqrt", "tanh"]).map((name) => [name, Math[name]]),
  ),
  inf: Infinity,
  lgamma,
  nan: NaN,
  isfinite: Number.isFinite,
  isnan: Number.isNaN,
  isclose: named(["a", "b", "rel_tol", "abs_tol"], (/** @type {number} */ a, /** @type {number} */ b, relative = 1e-9, absolute = 0) =>
    Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute),
  ),
};

export const itertools = {
  /** @type {(...lists: any[]) => any[][]} */
  product: (...lists) => lists.reduce((rows, values) => rows.flatMap((/** @type {any[]} */ row) => [...iter(values)].map((value) => [...row, value])), [[]]),
  pairwise: (/** @type {any} */ values) => [...iter(values)].map((value, n, all) => [value, all[n + 1]]).slice(0, -1),
  accumulate: (/** @type {any} */ values) => {
    let total = 0;
    return [...iter(values)].map((value) => (total += value));
  },
  /** Neighbors with the same key, together. @type {(...given: any[]) => any[][]} */
  groupby: named(["iterable", "key"], (/** @type {any} */ values, /** @type {any} */ of) => {
    /** @type {any[][]} */
    const groups = [];
    for (const value of iter(values)) {
      const key = of(value);
      if (groups.length && same(groups.at(-1)?.[0], key)) groups.at(-1)?.[1].push(value);
      else groups.push([key, [value]]);
    }
    return groups;
  }),
  *islice(/** @type {any} */ values, /** @type {number} */ most) {
    for (const value of iter(values)) {
      if (most <= 0) return;
      most -= 1;
      yield value;
    }
  },
};

/** How often each value occurs. */
class Counter extends Dict {
  /** @param {number} most how many of those that occur most often */
  most_common(most) {
    return [...this].sort(([, one], [, other]) => other - one).slice(0, most);
  }
}

export const collections = {
  Counter: (/** @type {any} */ values) => {
    const found = new Counter();
    for (const value of iter(values)) found.set(value, (found.get(value) ?? 0) + 1);
    return found;
  },
};

export const zlib = {
  /** The checksum of Ethernet and of zip files, bit by bit. @param {string} bytes */
  crc32: (bytes) => {
    let sum = -1;
    for (let n = 0; n < bytes.length; n++) {
      sum ^= bytes.charCodeAt(n);
      for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum >>> 0;
  },
};

export const pydantic_core = {
  /** A refusal in words of its own. @type {(kind: string, message: string) => Error} */
  PydanticCustomError: (_, message) => ValueError(message),
};

export const dataclasses = {
  /** @type {(value: any) => Dict} */
  asdict: (value) => new Dict(Object.entries(value)),
  /** A record with some fields changed. */
  replace: open(([value], changes) => Object.assign(Object.create(Object.getPrototypeOf(value)), value, changes)),
};

export const bisect = {
  bisect_left: (/** @type {any[]} */ values, /** @type {any} */ value) => {
    const found = values.findIndex((one) => !lt(one, value));
    return found < 0 ? values.length : found;
  },
  bisect_right: (/** @type {any[]} */ values, /** @type {any} */ value) => {
    let [first, end] = [0, values.length];
    while (first < end) {
      const middle = (first + end) >> 1;
      if (lt(value, values[middle])) end = middle;
      else first = middle + 1;
    }
    return first;
  },
};
