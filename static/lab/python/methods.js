// Methods of Python's own types.
import { eq, or__in_place } from "./operators.js";
import { formatted } from "./texts.js";
import { Dict, ValueError, arranged, isArray, iter, key, setOf } from "./values.js";

/** @type {(found: number) => number} */
const inList = (found) => {
  if (found < 0) throw ValueError("not in the list");
  return found;
};
/** @type {(letters: string | undefined) => string} */
const anyOf = (letters) => (letters === undefined ? "\\s" : `[${letters.replace(/[\\\]^-]/g, "\\$&")}]`);

/** @type {Record<string, any>} */
const TEXT = {
  capitalize: (/** @type {string} */ t) => t.charAt(0).toUpperCase() + t.slice(1).toLowerCase(),
  count: (/** @type {string} */ t, /** @type {string} */ part) => t.split(part).length - 1,
  endswith: (/** @type {string} */ t, /** @type {any} */ ends) => (isArray(ends) ? ends : [ends]).some((/** @type {string} */ end) => t.endsWith(end)),
  startswith: (/** @type {string} */ t, /** @type {any} */ starts) => (isArray(starts) ? starts : [starts]).some((/** @type {string} */ start) => t.startsWith(start)),
  format: Object.assign((/** @type {string} */ t, /** @type {any[]} */ ...args) => formatted(t, args), {
    keywords: (/** @type {any[]} */ [t, ...args], /** @type {any} */ pairs) => formatted(t, args, pairs),
  }),
  index: (/** @type {string} */ t, /** @type {string} */ part) => inList(t.indexOf(part)),
  isdigit: (/** @type {string} */ t) => /^\d+$/.test(t),
  join: (/** @type {string} */ t, /** @type {any} */ parts) => [...iter(parts)].join(t),
  lower: (/** @type {string} */ t) => t.toLowerCase(),
  upper: (/** @type {string} */ t) => t.toUpperCase(),
  title: (/** @type {string} */ t) => t.toLowerCase().replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  lstrip: (/** @type {string} */ t, /** @type {string} */ letters) => t.replace(new RegExp(`^${anyOf(letters)}+`), ""),
  rstrip: (/** @type {string} */ t, /** @type {string} */ letters) => t.replace(new RegExp(`${anyOf(letters)}+$`), ""),
  strip: (/** @type {string} */ t, /** @type {string} */ letters) => TEXT.rstrip(TEXT.lstrip(t, letters), letters),
  partition: (/** @type {string} */ t, /** @type {string} */ by) => {
    const place = t.indexOf(by);
    return place < 0 ? [t, "", ""] : [t.slice(0, place), by, t.slice(place + by.length)];
  },
  rpartition: (/** @type {string} */ t, /** @type {string} */ by) => {
    const place = t.lastIndexOf(by);
    return place < 0 ? ["", "", t] : [t.slice(0, place), by, t.slice(place + by.length)];
  },
  removeprefix: (/** @type {string} */ t, /** @type {string} */ start) => (t.startsWith(start) ? t.slice(start.length) : t),
  removesuffix: (/** @type {string} */ t, /** @type {string} */ end) => (end && t.endsWith(end) ? t.slice(0, -end.length) : t),
  replace: (/** @type {string} */ t, /** @type {string} */ part, /** @type {string} */ other, most = Infinity) => {
    const parts = t.split(part);
    const kept = parts.splice(Math.min(most, parts.length - 1) + 1);
    return parts.join(other) + kept.map((one) => part + one).join("");
  },
  split: (/** @type {string} */ t, /** @type {string} */ by, most = Infinity) => {
    const parts = by === undefined ? t.trim().split(/\s+/).filter(Boolean) : t.split(by);
    return parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(by ?? " ")];
  },
};

/** @type {Record<string, any>} */
const LIST = {
  append: (/** @type {any[]} */ values, /** @type {any} */ value) => void values.push(value),
  extend: (/** @type {any[]} */ values, /** @type {any} */ others) => void values.push(...iter(others)),
  insert: (/** @type {any[]} */ values, /** @type {number} */ place, /** @type {any} */ value) => void values.splice(place, 0, value),
  pop: (/** @type {any[]} */ values, place = -1) => values.splice(place, 1)[0],
  index: (/** @type {any} */ values, /** @type {any} */ value) => inList([...values].findIndex((one) => eq(one, value))),
  count: (/** @type {any} */ values, /** @type {any} */ value) => [...values].filter((one) => eq(one, value)).length,
  copy: (/** @type {any[]} */ values) => [...values],
  reverse: (/** @type {any[]} */ values) => void values.reverse(),
  tolist: (/** @type {any} */ values) => [...values],
};

/** @type {Record<string, any>} */
const DICT = {
  copy: (/** @type {Dict} */ values) => new Dict(values),
  get: (/** @type {Dict} */ values, /** @type {any} */ name, fallback = null) => (values.has(name) ? values.get(name) : fallback),
  items: (/** @type {Dict} */ values) => [...values],
  keys: (/** @type {Dict} */ values) => [...values.keys()],
  values: (/** @type {Dict} */ values) => [...values.values()],
  pop: (/** @type {Dict} */ values, /** @type {any} */ name, fallback = null) => {
    const found = values.has(name) ? values.get(name) : fallback;
    values.delete(key(name));
    return found;
  },
  setdefault: (/** @type {Dict} */ values, /** @type {any} */ name, fallback = null) => {
    if (!values.has(name)) values.set(name, fallback);
    return values.get(name);
  },
  update: (/** @type {Dict} */ values, /** @type {any} */ others) => void or__in_place(values, others),
};

/** @type {Record<string, any>} */
const SET = {
  add: (/** @type {Set<any>} */ values, /** @type {any} */ value) => void values.add(key(value)),
  remove: (/** @type {Set<any>} */ values, /** @type {any} */ value) => void values.delete(key(value)),
  union: (/** @type {Set<any>} */ values, /** @type {any} */ ...others) => setOf([...values, ...others.flatMap((/** @type {any} */ other) => [...iter(other)])]),
};

const NUMBER = { is_integer: Number.isInteger };

/** @type {(value: any) => Record<string, any> | null} */
const methodsOf = (value) => {
  if (typeof value === "string") return TEXT;
  if (typeof value === "number") return NUMBER;
  if (isArray(value)) return LIST;
  if (value instanceof Map) return DICT;
  return value instanceof Set ? SET : null;
};

/** Call a method of a value of Python's own types, or of any other.
 *  @type {(of: any, name: string, args: any[], pairs?: [string, any][]) => any} */
export const call = (of, name, args, pairs = []) => {
  const made = methodsOf(of)?.[name];
  if (made) return pairs.length ? made.keywords([of, ...args], pairs) : made(of, ...args);
  const own = of[name];
  if (own.keywords) return own.keywords(args, pairs);
  return own.apply(of, pairs.length ? arranged(own, args, pairs) : args);
};
