// Methods of Python's own types, and of tensors.
import { ValueError } from "./errors.js";
import { decode, encode } from "./bytes.js";
import { same } from "./operators.js";
import { SPACE, strip } from "./texts.js";
import { OF_TENSORS, isTensor } from "./torch.js";
import { PythonSet, arranged, isArray, iter } from "./values.js";

/** @type {(found: number) => number} */
const inList = (found) => {
  if (found < 0) throw ValueError("not in the list");
  return found;
};
const WORD = new RegExp(`[^${SPACE}]+`, "g");

/** @type {Record<string, any>} */
const TEXT = {
  capitalize: (/** @type {string} */ t) => t.slice(0, 1).toUpperCase() + t.slice(1).toLowerCase(),
  endswith: (/** @type {string} */ t, /** @type {any} */ ends) => (isArray(ends) ? ends : [ends]).some((/** @type {string} */ end) => t.endsWith(end)),
  startswith: (/** @type {string} */ t, /** @type {any} */ starts) => (isArray(starts) ? starts : [starts]).some((/** @type {string} */ start) => t.startsWith(start)),
  index: (/** @type {string} */ t, /** @type {string} */ part) => inList(t.indexOf(part)),
  isprintable: (/** @type {string} */ t) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(t),
  join: (/** @type {string} */ t, /** @type {any} */ parts) => [...iter(parts)].join(t),
  count: (/** @type {string} */ t, /** @type {string} */ part, first = 0, end = t.length) => {
    const within = t.slice(first, end);
    let found = 0;
    for (let at = within.indexOf(part); at >= 0; at = within.indexOf(part, at + part.length)) found += 1;
    return found;
  },
  decode,
  encode,
  isdecimal: (/** @type {string} */ t) => /^\p{Nd}+$/u.test(t),
  lower: (/** @type {string} */ t) => t.toLowerCase(),
  upper: (/** @type {string} */ t) => t.toUpperCase(),
  strip: (/** @type {string} */ t, /** @type {string | undefined} */ letters) => strip(t, letters),
  lstrip: (/** @type {string} */ t, /** @type {string | undefined} */ letters) => strip(t, letters, "left"),
  rstrip: (/** @type {string} */ t, /** @type {string | undefined} */ letters) => strip(t, letters, "right"),
  rpartition: (/** @type {string} */ t, /** @type {string} */ by) => {
    const place = t.lastIndexOf(by);
    return place < 0 ? ["", "", t] : [t.slice(0, place), by, t.slice(place + by.length)];
  },
  removesuffix: (/** @type {string} */ t, /** @type {string} */ end) => (end && t.endsWith(end) ? t.slice(0, -end.length) : t),
  translate: (/** @type {string} */ t, /** @type {Map<number, string>} */ table) => {
    let made = "";
    let done = 0;
    for (let at = 0; at < t.length; at++) {
      const other = table.get(t.charCodeAt(at));
      if (other === undefined) continue;
      made += t.slice(done, at) + other;
      done = at + 1;
    }
    return done ? made + t.slice(done) : t;
  },
  partition: (/** @type {string} */ t, /** @type {string} */ by) => {
    const place = t.indexOf(by);
    return place < 0 ? [t, "", ""] : [t.slice(0, place), by, t.slice(place + by.length)];
  },
  removeprefix: (/** @type {string} */ t, /** @type {string} */ start) => (t.startsWith(start) ? t.slice(start.length) : t),
  replace: (/** @type {string} */ t, /** @type {string} */ part, /** @type {string} */ other, most = Infinity) => {
    const parts = t.split(part);
    const kept = parts.splice(Math.min(most, parts.length - 1) + 1);
    return parts.join(other) + kept.map((one) => part + one).join("");
  },
  split: (/** @type {string} */ t, /** @type {string} */ by, most = Infinity) => {
    const parts = by === undefined ? (t.match(WORD) ?? []) : t.split(by);
    return parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(by ?? " ")];
  },
};

/** @type {Record<string, any>} */
const LIST = {
  append: (/** @type {any[]} */ values, /** @type {any} */ value) => void values.push(value),
  count: (/** @type {any[]} */ values, /** @type {any} */ value) => values.filter((one) => same(one, value)).length,
  extend: (/** @type {any[]} */ values, /** @type {any} */ others) => {
    for (const value of iter(others)) values.push(value);
  },
  insert: (/** @type {any[]} */ values, /** @type {number} */ place, /** @type {any} */ value) => void values.splice(place, 0, value),
  pop: (/** @type {any[]} */ values, place = -1) => values.splice(place, 1)[0],
  index: (/** @type {any} */ values, /** @type {any} */ value) => inList([...values].findIndex((one) => same(one, value))),
  tolist: (/** @type {any} */ values) => [...values],
};

/** @type {Record<string, any>} */
const DICT = {
  get: (/** @type {import("./values.js").Dict} */ values, /** @type {any} */ name, fallback = null) => (values.has(name) ? values.get(name) : fallback),
  items: (/** @type {import("./values.js").Dict} */ values) => [...values],
  keys: (/** @type {import("./values.js").Dict} */ values) => new PythonSet(values.keys()),
  values: (/** @type {import("./values.js").Dict} */ values) => [...values.values()],
  pop: (/** @type {import("./values.js").Dict} */ values, /** @type {any} */ name, fallback = null) => {
    const found = values.has(name) ? values.get(name) : fallback;
    values.delete(name);
    return found;
  },
  setdefault: (/** @type {import("./values.js").Dict} */ values, /** @type {any} */ name, fallback = null) => {
    if (!values.has(name)) values.set(name, fallback);
    return values.get(name);
  },
};

/** @type {Record<string, any>} */
const SET = {
  add: (/** @type {Set<any>} */ values, /** @type {any} */ value) => void values.add(value),
  discard: (/** @type {Set<any>} */ values, /** @type {any} */ value) => void values.delete(value),
  pop: (/** @type {Set<any>} */ values) => {
    const [first] = values;
    values.delete(first);
    return first;
  },
};

/** Those of tensors without dimensions, too. @type {Record<string, any>} */
const NUMBER = { ...OF_TENSORS, is_integer: Number.isInteger };

/** @type {(value: any) => Record<string, any> | null} */
const methodsOf = (value) => {
  if (typeof value === "string") return TEXT;
  if (typeof value === "number" || typeof value === "boolean") return NUMBER;
  if (isTensor(value)) return OF_TENSORS;
  if (Array.isArray(value)) return LIST;
  if (value instanceof Map) return DICT;
  return value instanceof Set ? SET : null;
};

/** Call a method of a value of Python's own types, of a tensor, or of any other.
 *  @type {(of: any, name: string, args: any[], pairs?: [string, any][]) => any} */
export const call = (of, name, args, pairs = []) => {
  const made = methodsOf(of)?.[name];
  if (made) return made(...(pairs.length ? arranged(made, [of, ...args], pairs) : [of, ...args]));
  const own = of[name];
  if (own.keywords) return own.keywords(args, pairs);
  return own.apply(of, pairs.length ? arranged(own, args, pairs) : args);
};
