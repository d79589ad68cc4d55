// What compiled code uses of Python's standard library.
import { ValueError } from "./errors.js";
import { lt } from "./operators.js";
import { iter, named, open } from "./values.js";

export const math = {
  ...Object.fromEntries(
    /** @type {const} */ (["ceil", "exp", "floor", "hypot", "log", "log10", "log1p", "sqrt"]).map((name) => [name, Math[name]]),
  ),
  inf: Infinity,
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
};

export const zlib = {
  /** The checksum of Ethernet and of zip files, bit by bit. @param {Uint8Array} bytes */
  crc32: (bytes) => {
    let sum = -1;
    for (const byte of bytes) {
      sum ^= byte;
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
