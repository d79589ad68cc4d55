// What compiled code uses of torch. A tensor of one dimension is a typed array: of floats a Float64Array, of truth values a Mask,
// of places an Int32Array. A tensor without dimensions is a number or a truth value.
import { ValueError } from "./errors.js";
import { erfinv, lgamma } from "./special.js";
import { sumOf } from "./sum.js";
import { named, type_ } from "./values.js";

/** A tensor of truth values. */
export class Mask extends Uint8Array {}

/** A tensor of one dimension, of whatever numbers. @typedef {Float64Array} Vector */

export const isTensor = /** @type {(value: any) => value is Vector} */ (ArrayBuffer.isView);

/** A function of numbers on a number, or on each number of a tensor.
 *  @param {any} value @param {(one: number) => number} of @returns {any} */
const onEach = (value, of) => (isTensor(value) ? Float64Array.from(value, of) : of(Number(value)));

/** An operator on two numbers or tensors, of which a number stands for a tensor of the other's length.
 *  @param {any} one @param {any} other @param {(one: number, other: number) => any} of @param {any} [Kind] of the tensor that comes out
 *  @returns {any} */
export const onPairs = (one, other, of, Kind = Float64Array) => {
  if (!isTensor(one) && !isTensor(other)) return of(Number(one), Number(other));
  if (isTensor(one) && isTensor(other) && one.length !== other.length) throw ValueError(`tensors of ${one.length} and ${other.length} numbers`);
  const made = new Kind((isTensor(one) ? one : other).length);
  for (let n = 0; n < made.length; n++) made[n] = of(isTensor(one) ? one[n] : Number(one), isTensor(other) ? other[n] : Number(other));
  return made;
};

/** @type {(one: any, other: any, of: (one: number, other: number) => boolean) => any} */
export const compared = (one, other, of) => onPairs(one, other, of, Mask);

/** Those numbers of a tensor where a mask is true, or at some places. @type {(values: any, places: Vector) => any} */
export const chosen = (values, places) => {
  if (places instanceof Mask) return values.filter((/** @type {number} */ _, /** @type {number} */ n) => places[n]);
  return values.constructor.from(places, (/** @type {number} */ place) => values[place < 0 ? values.length + place : place]);
};

/** Numbers in a new tensor: of truth values if all are. @type {(values: Iterable<any>) => Vector} */
const tensorOf = (values) => {
  const list = [...values];
  return list.length && list.every((value) => typeof value === "boolean") ? /** @type {any} */ (Mask.from(list, Number)) : Float64Array.from(list, Number);
};

/** A number as a tensor of one dimension. @type {(value: any) => Vector} */
const flat = (value) => (isTensor(value) ? value : tensorOf([value]));

// ---- functions of a number -------------------------------------------------------------------------

/** @type {(value: number) => number} */
const logsigmoid = (value) => Math.min(value, 0) - Math.log1p(Math.exp(-Math.abs(value)));
/** @type {(value: number) => number} */
const sigmoid = (value) => (value >= 0 ? 1 / (1 + Math.exp(-value)) : Math.exp(value) / (1 + Math.exp(value)));

/** The nearest whole number, halves to the even one. @type {(value: number) => number} */
const rounded = (value) => {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
};

const OF_NUMBERS = {
  abs: Math.abs,
  atanh: Math.atanh,
  ceil: Math.ceil,
  erfinv,
  exp: Math.exp,
  expm1: Math.expm1,
  lgamma,
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  logit: (/** @type {number} */ value) => Math.log(value / (1 - value)),
  relu: (/** @type {number} */ value) => (value < 0 ? 0 : value),
  sigmoid,
  sqrt: Math.sqrt,
  square: (/** @type {number} */ value) => value * value,
  tanh: Math.tanh,
};

// ---- functions of tensors --------------------------------------------------------------------------

/** @type {(value: any) => number} */
const sum = (value) => sumOf(flat(value));
/** @type {(value: any) => number} */
const mean = (value) => sum(value) / flat(value).length;
/** The largest; NaN, if there is one. @type {(value: any) => number} */
const max = (value) => flat(value).reduce((most, one) => (one > most || Number.isNaN(one) ? one : most), -Infinity);
/** @type {(value: any) => number} */
const min = (value) => -max(onEach(value, (one) => -one));
/** Of an even number of values the lower one in the middle. @type {(value: any) => number} */
const median = (value) => {
  const values = Float64Array.from(flat(value)).sort();
  return Number.isNaN(values.at(-1)) ? NaN : values[(values.length - 1) >> 1];
};
const variance = named(["self", "correction"], (/** @type {any} */ value, correction = 1) => {
  const middle = mean(value);
  return sum(onEach(value, (one) => (one - middle) ** 2)) / Math.max(0, flat(value).length - correction);
});
/** @type {(values: Vector) => any} */
const argsort = (values) => Int32Array.from(values, (_, n) => n).sort((one, other) => values[one] - values[other] || one - other);
/** @type {(values: any) => number} */
const logsumexp = (values) => {
  const most = max(values);
  return Number.isFinite(most) ? most + Math.log(sum(onEach(values, (one) => Math.exp(one - most)))) : most;
};
/** @type {(values: any) => any} */
const log_softmax = (values) => {
  const total = logsumexp(values);
  return onEach(values, (one) => one - total);
};

/** Methods of tensors, which are functions of torch, too. @type {Record<string, any>} */
const OF_TENSORS = {
  ...Object.fromEntries(Object.entries(OF_NUMBERS).map(([name, of]) => [name, (/** @type {any} */ value) => onEach(value, of)])),
  all: (/** @type {any} */ value) => flat(value).every(Boolean),
  any: (/** @type {any} */ value) => flat(value).some(Boolean),
  argmax: (/** @type {any} */ value) => value.indexOf(max(value)),
  argsort: named(["self", "stable"], argsort),
  clamp: named(["self", "min", "max"], (/** @type {any} */ value, low = -Infinity, high = Infinity) =>
    onEach(value, (one) => (one < low ? low : one > high ? high : one)),
  ),
  detach: (/** @type {any} */ value) => value,
  diff: (/** @type {Vector} */ values) => Float64Array.from(values.subarray(1), (one, n) => one - values[n]),
  double: (/** @type {any} */ value) => (isTensor(value) ? Float64Array.from(value) : Number(value)),
  expand: (/** @type {any} */ value, /** @type {number} */ length) => new Float64Array(length).fill(Number(value)),
  isfinite: (/** @type {any} */ value) => compared(value, 0, Number.isFinite),
  item: (/** @type {any} */ value) => (isTensor(value) ? value[0] : value),
  log_softmax,
  logsumexp,
  long: (/** @type {any} */ value) => (isTensor(value) ? Int32Array.from(value) : Math.trunc(value)),
  max,
  mean,
  median,
  min,
  /** Between the two values that are nearest, in proportion. @type {(values: Vector, shares: Vector) => Vector} */
  quantile: (values, shares) => {
    const sorted = values.slice().sort();
    return shares.map((share) => {
      const place = share * (sorted.length - 1);
      const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
      const rest = place % 1;
      return rest < 0.5 ? below + rest * (above - below) : above - (above - below) * (1 - rest);
    });
  },
  round: named(["self", "decimals"], (/** @type {any} */ value, decimals = 0) => onEach(value, (one) => rounded(one * 10 ** decimals) / 10 ** decimals)),
  softmax: (/** @type {any} */ values) => onEach(log_softmax(values), Math.exp),
  sort: (/** @type {Vector} */ values) => {
    const indices = argsort(values);
    return { values: chosen(values, indices), indices };
  },
  std: named(["self", "correction"], (/** @type {any} */ value, correction = 1) => Math.sqrt(variance(value, correction))),
  sum,
  /** In as many parts, the first of which have one number more if they cannot all have as many.
   *  @type {(values: Vector, parts: number) => Vector[]} */
  tensor_split: (values, parts) => {
    const bound = (/** @type {number} */ n) => n * Math.floor(values.length / parts) + Math.min(n, values.length % parts);
    return Array.from({ length: parts }, (_, n) => values.slice(bound(n), bound(n + 1)));
  },
  tolist: (/** @type {any} */ value) => (value instanceof Mask ? Array.from(value, Boolean) : isTensor(value) ? [...value] : value),
  unique: (/** @type {Vector} */ values) => values.slice().sort().filter((one, n, sorted) => one !== sorted[n - 1]),
  var: variance,
};
export { OF_TENSORS };

/** @type {(size: any) => number} */
const lengthOf = (size) => (Array.isArray(size) ? size[0] : size);

export const torch = {
  ...OF_TENSORS,
  Tensor: type_({}, isTensor),
  bool: "bool",
  float64: "float64",
  inf: Infinity,
  tensor: named(["data", "dtype"], (/** @type {any} */ data, dtype = "") => {
    if (!Array.isArray(data) && !isTensor(data)) return data;
    return dtype === "bool" ? Mask.from(data, Number) : dtype ? Float64Array.from(data, Number) : tensorOf(data);
  }),
  arange: named(["start", "end", "dtype"], (/** @type {number} */ start, /** @type {number | undefined} */ end, dtype = "") => {
    const [first, last] = end === undefined ? [0, start] : [start, end];
    const places = Int32Array.from({ length: Math.max(0, Math.ceil(last - first)) }, (_, n) => first + n);
    return dtype ? Float64Array.from(places) : places;
  }),
  zeros: named(["size", "dtype"], (/** @type {any} */ size, dtype = "float64") => (dtype === "bool" ? new Mask(lengthOf(size)) : new Float64Array(lengthOf(size)))),
  linspace: named(["start", "end", "steps", "dtype"], (/** @type {number} */ start, /** @type {number} */ end, /** @type {number} */ steps) =>
    // From both ends, as torch does.
    Float64Array.from({ length: steps }, (_, n) => {
      const step = (end - start) / (steps - 1);
      return n < steps / 2 ? start + step * n : end - step * (steps - 1 - n);
    }),
  ),
  ones_like: named(["input", "dtype"], (/** @type {any} */ value, dtype = "") => new (dtype === "bool" ? Mask : value.constructor)(value.length).fill(1)),
  zeros_like: (/** @type {any} */ value) => onEach(value, () => 0),
  cat: (/** @type {Iterable<Vector>} */ parts) => Float64Array.from([...parts].flatMap((part) => [...part])),
  /** Of tensors without dimensions. @type {(values: Iterable<any>) => Vector} */
  stack: (values) => {
    const list = [...values];
    if (list.some(isTensor)) throw ValueError("tensors of two dimensions");
    return tensorOf(list);
  },
  where: (/** @type {any} */ mask, /** @type {any} */ one, /** @type {any} */ other) => {
    const of = (/** @type {any} */ value, /** @type {number} */ n) => (isTensor(value) ? value[n] : value);
    return isTensor(mask) ? Float64Array.from(mask, (is, n) => of(is ? one : other, n)) : mask ? one : other;
  },
  maximum: (/** @type {any} */ one, /** @type {any} */ other) => onPairs(one, other, Math.max),
  minimum: (/** @type {any} */ one, /** @type {any} */ other) => onPairs(one, other, Math.min),
  bincount: named(["input", "weights", "minlength"], (/** @type {Vector} */ places, weights = null, minlength = 0) => {
    const counts = new Float64Array(Math.max(minlength, max(places) + 1));
    places.forEach((place, n) => (counts[place] += weights ? weights[n] : 1));
    return counts;
  }),
  nn: {
    functional: {
      logsigmoid: (/** @type {any} */ value) => onEach(value, logsigmoid),
      softplus: (/** @type {any} */ value) => onEach(value, (one) => (one > 20 ? one : Math.log1p(Math.exp(one)))),
    },
  },
};
