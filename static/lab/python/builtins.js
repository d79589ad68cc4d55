// Python's built-in functions and types.
import { ValueError, failure } from "./errors.js";
import { add, floordiv, lt, mod, order, truth } from "./operators.js";
import { fixed, strip, text } from "./texts.js";
import { Dict, isArray, iter, kept, named, open, setOf, type_ } from "./values.js";

export const str = type_((value = "") => text(value), (value) => typeof value === "string");
/** With the digits of all scripts as ASCII has them. @type {(written: string) => string} */
const inAscii = (written) =>
  written.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    // Unicode has the digits of a script one after the other.
    let zero = digit.codePointAt(0) ?? 0;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String(((digit.codePointAt(0) ?? 0) - zero) % 10);
  });
const FLOAT = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;
/** @type {(written: string) => number} */
const floatOf = (written) => {
  const digits = inAscii(strip(written)).replace(/(?<=\d)_(?=\d)/g, "");
  if (!FLOAT.test(digits)) throw ValueError(`could not convert string to float: ${written}`);
  const found = Number(digits);
  return Number.isNaN(found) && /inf/i.test(digits) ? (digits[0] === "-" ? -Infinity : Infinity) : found;
};
export const int = type_(
  (/** @type {any} */ value = 0, base = 10) =>
    typeof value === "string" ? parseInt(inAscii(value).replace("−", "-"), base) : Math.trunc(Number(value)),
  (value) => typeof value === "boolean" || Number.isInteger(value),
);
export const float = type_(
  (/** @type {any} */ value = 0) => (typeof value === "string" ? floatOf(value) : Number(value)),
  (value) => typeof value === "number",
);
export const bool = type_(truth, (value) => typeof value === "boolean");
export const list = type_((/** @type {any} */ values = []) => [...iter(values)], Array.isArray);
export const tuple = type_((/** @type {any} */ values = []) => [...iter(values)], Array.isArray);
export const set = type_(setOf, (value) => value instanceof Set);
export { set as frozenset };
export const dict = Object.assign(
  type_(
    (/** @type {any} */ entries = []) => new Dict(entries),
    (value) => value instanceof Map,
  ),
  { fromkeys: (/** @type {any} */ keys, value = null) => new Dict([...iter(keys)].map((name) => [name, value])) },
);
dict.keywords = (/** @type {any[]} */ args, /** @type {any} */ pairs) => new Dict([...(args[0] ?? []), ...pairs]);

/** @type {(value: any, types: any) => boolean} */
export const isinstance = (value, types) => (isArray(types) ? types : [types]).some((/** @type {any} */ one) => one.isType(value));
/** @type {(value: any, name: string, ...fallback: any[]) => any} */
export const getattr = (value, name, ...fallback) => (value[name] === undefined && fallback.length ? fallback[0] : value[name]);
/** @type {(value: any) => Dict} */
export const vars = (value) => new Dict(Object.entries(value));
/** the last long text that was counted, of which readers ask again and again */
let counted = "";
let characters = 0;
/** @type {(value: any) => number} */
export const len = (value) => {
  if (typeof value !== "string") return value.__len__?.() ?? value.size ?? value.length;
  if (value.length < 1000) return countOf(value);
  if (value !== counted) [counted, characters] = [value, countOf(value)];
  return characters;
};
/** @type {(text: string) => number} */
const countOf = (value) => (/[\ud800-\udfff]/.test(value) ? [...value].length : value.length);
export const abs = Math.abs;

/** The least of some values, or of one list of them. @type {(beats: (one: any, other: any) => boolean) => import("./values.js").Callable} */
const extreme = (beats) =>
  open((args, { key: of = (/** @type {any} */ value) => value, default: fallback }) => {
    const values = args.length === 1 ? [...iter(args[0])] : args;
    if (!values.length && fallback === undefined) throw ValueError("no values");
    if (!values.length) return fallback;
    return values.reduce((best, value) => (beats(of(value), of(best)) ? value : best));
  });
export const min = extreme(lt);
export const max = extreme((one, other) => lt(other, one));
export const sum = named(["iterable", "start"], (/** @type {any} */ values, /** @type {any} */ start = 0) => {
  let total = start;
  for (const value of iter(values)) total = add(total, value);
  return total;
});
export const sorted = named(["iterable", "key", "reverse"], (/** @type {any} */ values, /** @type {any} */ of = null, reverse = false) => {
  const pairs = [...iter(values)].map((value) => [of ? of(value) : value, value]);
  return pairs.sort(([one], [other]) => (reverse ? order(other, one) : order(one, other))).map(([, value]) => value);
});
/** @type {(first: number, end?: number, step?: number) => number[]} */
export const range = (first, end, step = 1) => {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, n) => from + n * step);
};
/** @type {(made: (value: any) => any, values: any) => any} */
export const map = function* (made, values) {
  for (const value of iter(values)) yield made(value);
};
/** @type {(character: string) => number | undefined} */
export const ord = (character) => character.codePointAt(0);
export const chr = String.fromCodePoint;
/** @type {(values: any) => any[]} */
export const reversed = (values) => [...iter(values)].reverse();
export const enumerate = named(["iterable", "start"], function* (/** @type {any} */ values, start = 0) {
  for (const value of iter(values)) yield [start++, value];
});
export const zip = open((args, { strict }) => {
  const lists = args.map((values) => [...iter(values)]);
  const lengths = lists.map((values) => values.length);
  if (strict && new Set(lengths).size > 1) throw ValueError(`lists of ${lengths} to be zipped`);
  return Array.from({ length: lists.length ? Math.min(...lengths) : 0 }, (_, n) => lists.map((values) => values[n]));
});
/** @type {(values: any) => boolean} */
export const any = (values) => {
  for (const value of iter(values)) if (truth(value)) return true;
  return false;
};
/** @type {(values: any) => boolean} */
export const all = (values) => {
  for (const value of iter(values)) if (!truth(value)) return false;
  return true;
};
/** @type {(values: any, ...fallback: any[]) => any} */
export const next = (values, ...fallback) => {
  const { value, done } = values.next();
  if (!done) return value;
  if (!fallback.length) throw failure("StopIteration");
  return fallback[0];
};
/** @type {(one: number, other: number) => number[]} */
export const divmod = (one, other) => [floordiv(one, other), mod(one, other)];
const ids = new WeakMap();
let known = 0;
/** @type {(value: any) => number} */
export const id = (value) => {
  if (!ids.has(value)) ids.set(value, (known += 1));
  return ids.get(value);
};

/** A function whose latest results are kept. @param {number} most @param {import("./values.js").Callable} made */
export const cached = (most, made) => named(made.params ?? [], kept(made, most));

/** @type {(value: number, ...digits: number[]) => number} */
export const round = (value, ...digits) => {
  if (!Number.isFinite(value)) return value;
  if (!digits.length || digits[0] >= 0) return Number(fixed(value, digits[0] ?? 0));
  const unit = 10 ** -digits[0];
  return unit * round(value / unit);
};
