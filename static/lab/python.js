// What code compiled from Python needs (tools/to_javascript): Python's operators, built-in functions and formats on
// JavaScript's values. A number is a float or an int, a dict is a Dict, a list or tuple is an Array, a tensor is a typed
// array, a dataclass or model is a record.

// ---- values ----------------------------------------------------------------------------------------

/** Tuples as keys: equal ones are one. @type {Map<string, any[]>} */
const tuples = new Map();

/** @type {(value: any) => any} */
const key = (value) => {
  if (!Array.isArray(value)) return value;
  const text = JSON.stringify(value);
  if (!tuples.has(text)) tuples.set(text, value);
  return tuples.get(text);
};

export class Dict extends Map {
  /** @param {any} name @param {any} value */
  set(name, value) {
    return super.set(key(name), value);
  }

  /** @param {any} name */
  get(name) {
    return super.get(key(name));
  }

  /** @param {any} name */
  has(name) {
    return super.has(key(name));
  }
}

/** Base of all records. */
class Record {}

/** @typedef {((...args: any[]) => any) & { parameters?: string[], type?: any, fields?: [string, (() => any)?][], isType?: (value: any) => boolean, keywords?: (args: any[], named: [string, any][]) => any }} Callable */

/** A function with the names of its parameters, so that arguments can be named. A last name ** collects others.
 *  @type {(parameters: string[], made: any) => Callable} */
const named = (parameters, made) => Object.assign(made, { parameters });
export { named as function };

/** A function of built-in kind, which takes named arguments as an object. @type {(made: (args: any[], named: any) => any) => Callable} */
const open = (made) => {
  const called = /** @type {Callable} */ ((...args) => made(args, {}));
  called.keywords = (args, pairs) => made(args, Object.fromEntries(pairs));
  return called;
};

/** @type {(name: string, text?: string) => Error} */
const failure = (name, text = "") => Object.assign(new Error(text), { name });
export const ValueError = (text = "") => failure("ValueError", text);
export const KeyError = (text = "") => failure("KeyError", str(text));
export const TypeError = (text = "") => failure("TypeError", text);

/** A dataclass, model or named tuple: fields in order, with functions that make their defaults.
 *  @type {(name: string, base: any, fields: [string, (() => any)?][], methods: any, getters: any) => Callable} */
export const record = (name, base, own, methods, getters) => {
  const Type = { [name]: class extends (base?.type ?? Record) {} }[name];
  Object.assign(Type.prototype, methods);
  for (const [getter, get] of Object.entries(getters)) Object.defineProperty(Type.prototype, getter, { get });
  const fields = [...(base?.fields ?? []).filter(([field]) => !own.some(([other]) => other === field)), ...own];
  const make = /** @type {Callable} */ (
    (...values) => {
      const made = new Type();
      fields.forEach(([field, fallback], n) => {
        if (values[n] === undefined && !fallback) throw TypeError(`${name}: ${field} is missing`);
        made[field] = values[n] === undefined ? fallback() : values[n];
      });
      made.__post_init__?.();
      return made;
    }
  );
  make.type = Type;
  make.fields = fields;
  make.isType = (value) => value instanceof Type;
  return named(
    fields.map(([field]) => field),
    make,
  );
};

/** An enumeration of texts. @type {(members: Record<string, string>) => any} */
export const names = (members) => Object.assign(Object.create({ [Symbol.iterator]: () => Object.values(members).values() }), members);

/** Call with named arguments. @type {(made: Callable, args: any[], pairs: [string, any][]) => any} */
export const apply = (made, args, pairs) => (made.keywords ? made.keywords(args, pairs) : made(...arranged(made, args, pairs)));

/** @type {(made: Callable, args: any[], pairs: [string, any][]) => any[]} */
const arranged = (made, args, pairs) => {
  const { parameters } = made;
  if (!parameters) throw TypeError(`${made.name} takes no named arguments`);
  const given = [...args];
  const others = new Dict();
  for (const [name, value] of pairs) {
    const place = parameters.indexOf(name);
    if (place >= 0) given[place] = value;
    else if (parameters.at(-1) === "**") others.set(name, value);
    else throw TypeError(`${made.name} has no parameter ${name}`);
  }
  if (parameters.at(-1) === "**") given[parameters.length - 1] = others;
  return given;
};

/** Call a method of a value of Python's own types, or of any other. @type {(of: any, name: string, args: any[], pairs?: [string, any][]) => any} */
export const call = (of, name, args, pairs = []) => {
  const own = METHODS_OF(of);
  const method = own && name in own ? own[name].bind(null, of) : null;
  if (method) return pairs.length ? own[name].keywords([of, ...args], pairs) : method(...args);
  const made = of[name];
  if (made.keywords) return made.keywords(args, pairs);
  return pairs.length ? made.apply(of, arranged(made, args, pairs)) : made.apply(of, args);
};

const isArray = (/** @type {any} */ value) => Array.isArray(value) || ArrayBuffer.isView(value);

// ---- operators -------------------------------------------------------------------------------------

/** @type {(value: any) => boolean} */
export const truth = (value) => {
  if (isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  return Boolean(value);
};
/** @type {(value: any, other: () => any) => any} */
export const both = (value, other) => (truth(value) ? other() : value);
/** @type {(value: any, other: () => any) => any} */
export const either = (value, other) => (truth(value) ? value : other());

/** @type {(one: any, other: any) => boolean} */
export const eq = (one, other) => {
  if (one === other) return true;
  if (typeof one === "boolean" || typeof other === "boolean") return Number(one) === Number(other);
  if (isArray(one)) return isArray(other) && one.length === other.length && [...one].every((value, n) => eq(value, other[n]));
  if (one instanceof Map) return other instanceof Map && one.size === other.size && [...one].every(([name, value]) => other.has(name) && eq(value, other.get(name)));
  if (one instanceof Set) return other instanceof Set && one.size === other.size && [...one].every((value) => other.has(value));
  if (one instanceof Record) return one.constructor === other?.constructor && Object.entries(one).every(([name, value]) => eq(value, /** @type {any} */ (other)[name]));
  return false;
};

/** Negative, zero or positive, as one is less than, equal to or more than the other. @type {(one: any, other: any) => number} */
const order = (one, other) => {
  if (isArray(one)) {
    for (let n = 0; n < Math.min(one.length, other.length); n++) if (!eq(one[n], other[n])) return order(one[n], other[n]);
    return one.length - other.length;
  }
  return one < other ? -1 : one > other ? 1 : 0;
};
/** @type {(one: any, other: any) => boolean} */
export const lt = (one, other) => (typeof one === "number" ? one < other : order(one, other) < 0);
/** @type {(one: any, other: any) => boolean} */
export const le = (one, other) => (typeof one === "number" ? one <= other : order(one, other) <= 0);

/** @type {(one: any, other: any) => any} */
export const add = (one, other) => (isArray(one) ? [...one, ...other] : one + other);
/** @type {(one: any, other: any) => any} */
export const sub = (one, other) => (one instanceof Set ? set([...one].filter((value) => !other.has(value))) : one - other);
/** @type {(one: any, other: any) => any} */
export const mul = (one, other) => {
  if (typeof one === "string") return one.repeat(Math.max(0, other));
  if (isArray(one)) return Array.from({ length: Math.max(0, other) }, () => [...one]).flat();
  if (typeof other === "string" || isArray(other)) return mul(other, one);
  return one * other;
};
/** @type {(one: number, other: number) => number} */
export const div = (one, other) => {
  if (Number(other) === 0) throw failure("ZeroDivisionError", "division by zero");
  return one / other;
};
/** @type {(one: number, other: number) => number} */
export const floordiv = (one, other) => Math.floor(one / other);
/** @type {(one: any, other: any) => any} */
export const mod = (one, other) => {
  if (typeof one === "string") return filled(one, isArray(other) ? [...other] : [other]);
  return one - other * Math.floor(one / other);
};
/** @type {(one: number, other: number) => number} */
export const pow = (one, other) => one ** other;
/** @type {(one: any, other: any) => any} */
export const or_ = (one, other) => {
  if (one instanceof Map) return new Dict([...one, ...other]);
  return one instanceof Set ? set([...one, ...other]) : typeof one === "boolean" ? one || other : one | other;
};
/** @type {(one: any, other: any) => any} */
export const and_ = (one, other) => {
  if (one instanceof Set) return set([...one].filter((value) => other.has(value)));
  return typeof one === "boolean" ? one && other : one & other;
};

/** @type {(one: any, other: any) => any} */
export const add_in_place = (one, other) => {
  if (!Array.isArray(one)) return add(one, other);
  one.push(...iter(other));
  return one;
};
export { sub as sub_in_place, mul as mul_in_place, div as div_in_place, floordiv as floordiv_in_place };
/** @type {(one: any, other: any) => any} */
export const or__in_place = (one, other) => {
  if (one instanceof Map) for (const [name, value] of other) one.set(name, value);
  else if (one instanceof Set) for (const value of other) one.add(key(value));
  else return or_(one, other);
  return one;
};

/** @type {(values: any, value: any) => boolean} */
export const has = (values, value) => {
  if (typeof values === "string") return values.includes(value);
  if (values instanceof Map || values instanceof Set) return values.has(key(value));
  return [...iter(values)].some((one) => eq(one, value));
};

/** @type {(values: any, place: any) => any} */
export const at = (values, place) => {
  if (values instanceof Map) {
    if (!values.has(place)) throw KeyError(place);
    return values.get(place);
  }
  if (!isArray(values) && typeof values !== "string") return values[place];
  const n = Number(place);
  const found = values[n < 0 ? values.length + n : n];
  if (found === undefined) throw failure("IndexError", `no place ${n} of ${values.length}`);
  return found;
};

/** @type {(values: any, place: any, value: any) => void} */
export const put = (values, place, value) => {
  if (values instanceof Map) values.set(place, value);
  else values[place < 0 ? values.length + place : Number(place)] = value;
};

/** @type {(values: any, first: number | null, end: number | null, step: number | null) => any} */
export const slice = (values, first, end, step) => {
  if (step === null || step === 1) return values.slice(first ?? 0, end ?? undefined);
  const list = [...values];
  const found = [];
  /** @type {(place: number) => number} */
  const inside = (place) => (place < 0 ? place + list.length : place);
  if (step > 0) for (let n = inside(first ?? 0); n < Math.min(list.length, inside(end ?? list.length)); n += step) found.push(list[n]);
  else for (let n = first === null ? list.length - 1 : inside(first); n > (end === null ? -1 : inside(end)); n += step) found.push(list[n]);
  return typeof values === "string" ? found.join("") : found;
};

/** @type {(values: any) => Iterable<any>} */
export const iter = (values) => (values instanceof Map ? values.keys() : values);

// ---- built-in functions ----------------------------------------------------------------------------

/** @type {(made: any, isType: (value: any) => boolean) => Callable} */
const type_ = (made, isType) => Object.assign(made, { isType });

export const str = type_((value = "") => text(value), (value) => typeof value === "string");
export const int = type_(
  (/** @type {any} */ value = 0, base = 10) => (typeof value === "string" ? parseInt(value.replace("−", "-"), base) : Math.trunc(Number(value))),
  (value) => typeof value === "boolean" || Number.isInteger(value),
);
export const float = type_(
  (/** @type {any} */ value = 0) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value)),
  (value) => typeof value === "number",
);
export const bool = type_(truth, (value) => typeof value === "boolean");
export const list = type_((/** @type {any} */ values = []) => [...iter(values)], Array.isArray);
export const tuple = type_((/** @type {any} */ values = []) => [...iter(values)], Array.isArray);
export const set = type_((/** @type {any} */ values = []) => new Set([...iter(values)].map(key)), (value) => value instanceof Set);
export { set as frozenset };
export const dict = Object.assign(
  type_(
    (/** @type {any} */ entries = []) => new Dict(entries),
    (value) => value instanceof Map,
  ),
  { fromkeys: (/** @type {any} */ keys, value = null) => new Dict([...iter(keys)].map((name) => [name, value])) },
);
dict.keywords = (args, pairs) => new Dict([...(args[0] ?? []), ...pairs]);

/** @type {(value: any, types: any) => boolean} */
export const isinstance = (value, types) => (isArray(types) ? types : [types]).some((/** @type {any} */ one) => one.isType(value));
/** @type {(value: any, name: string, ...fallback: any[]) => any} */
export const getattr = (value, name, ...fallback) => (value[name] === undefined && fallback.length ? fallback[0] : value[name]);
/** @type {(value: any, name: string) => boolean} */
export const hasattr = (value, name) => value[name] !== undefined;
/** @type {(value: any) => Dict} */
export const vars = (value) => new Dict(Object.entries(value));
/** @type {(value: any) => number} */
export const len = (value) => value.size ?? (typeof value === "string" ? [...value].length : value.length);
export const abs = Math.abs;

/** The least of some values, or of one list of them. @type {(beats: (one: any, other: any) => boolean) => Callable} */
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
  // Compensated, as Python's sum of floats is from 3.12 on, so the same within rounding.
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
/** @type {(of: any, ...lists: any[]) => any[]} */
export const map = (of, ...lists) => zip(...lists).map((/** @type {any[]} */ values) => of(...values));
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
/** @type {(value: any) => number} */
export const id = (value) => {
  if (!ids.has(value)) ids.set(value, tuples.size + Math.random());
  return ids.get(value);
};

/** A function whose results are kept. @type {(made: Callable) => Callable} */
export const cached = (made) => {
  const known = new Map();
  return named(made.parameters ?? [], (/** @type {any[]} */ ...args) => {
    const asked = JSON.stringify(args);
    if (!known.has(asked)) known.set(asked, made(...args));
    return known.get(asked);
  });
};

// ---- texts -----------------------------------------------------------------------------------------

/** A number in decimals, halves to even as Python does; toFixed and toExponential take the larger.
 *  @type {(value: number, write: (value: number, digits: number) => string, digits: number) => string} */
const even = (value, write, digits) => {
  const size = Math.abs(value);
  const exact = write(size, Math.min(100, digits + 60)).split("e")[0];
  const rest = exact.slice(exact.length - Math.min(100 - digits, 60));
  let found = write(size, digits);
  if (/^50*$/.test(rest)) {
    const whole = exact.slice(0, exact.length - rest.length).replace(/\.$/, "");
    if (Number(whole.at(-1)) % 2 === 0) found = whole + (found.includes("e") ? `e${found.split("e")[1]}` : "");
  }
  return (value < 0 || Object.is(value, -0) ? "-" : "") + found;
};
/** @type {(value: number, digits: number) => string} */
const fixed = (value, digits) => even(value, (size, most) => size.toFixed(most), digits);
/** @type {(value: number, digits: number) => string} */
const scientific = (value, digits) =>
  even(value, (size, most) => size.toExponential(most), digits).replace(/e([+-])(\d)$/, "e$10$2");
/** @type {(value: number, digits: number) => string} */
const general = (value, digits) => {
  if (!Number.isFinite(value)) return text(value);
  const most = Math.max(1, digits);
  const [mantissa, power] = scientific(value, most - 1).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= most) return `${bare(mantissa)}e${power}`;
  return bare(fixed(value, most - 1 - exponent));
};
/** Without zeros at the end. @type {(digits: string) => string} */
const bare = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

/** @type {(value: any) => string} */
const text = (value) => {
  if (value === null) return "None";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value).replace(/e([+-])(\d)$/, "e$10$2");
  if (isArray(value)) return `[${[...value].map(repr).join(", ")}]`;
  return String(value);
};
/** @type {(value: any) => string} */
export const repr = (value) => (typeof value === "string" ? `'${value}'` : text(value));

const SPEC = /^(?:(.)?([<>^]))?([+ ])?(\d+)?(,)?(?:\.(\d+))?([a-z%])?$/;

/** format(value, spec). @type {(value: any, spec: string) => string} */
export const format = (value, spec) => {
  if (!spec) return text(value);
  const parts = SPEC.exec(spec);
  if (!parts) throw ValueError(`format ${spec}`);
  const [, fill = " ", side = typeof value === "string" ? "<" : ">", sign = "", width, comma, digits, kind] = parts;
  let found = "";
  if (typeof value === "string") found = digits ? value.slice(0, Number(digits)) : value;
  else if (kind === "f") found = fixed(value, Number(digits ?? 6));
  else if (kind === "e") found = scientific(value, Number(digits ?? 6));
  else if (kind === "%") found = `${fixed(100 * value, Number(digits ?? 6))}%`;
  else if (kind === "g" || digits) found = general(Number(value), Number(digits ?? 6));
  else found = text(value);
  if (comma) found = found.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  if (sign && !found.startsWith("-")) found = sign + found;
  const room = Number(width ?? 0) - found.length;
  if (room <= 0) return found;
  if (side === "^") return fill.repeat(Math.floor(room / 2)) + found + fill.repeat(Math.ceil(room / 2));
  return side === "<" ? found + fill.repeat(room) : fill.repeat(room) + found;
};

/** text % values. @type {(form: string, values: any[]) => string} */
const filled = (form, values) => {
  const left = values.values();
  return form.replace(/%(%|[^a-z%]*[a-z])/g, (_, spec) => (spec === "%" ? "%" : format(left.next().value, spec === "s" ? "" : spec === "d" ? "" : spec)));
};

/** text.format(...). @type {(form: string, args: any[], pairs?: [string, any][]) => string} */
const formatted = (form, args, pairs = []) => {
  const known = new Map(pairs);
  let place = 0;
  return form.replace(/\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}/g, (whole, name, spec = "") => {
    if (whole === "{{" || whole === "}}") return whole[0];
    const value = name === "" ? args[place++] : known.has(name) ? known.get(name) : args[Number(name)];
    return format(value, spec);
  });
};

/** @type {(value: number, ...digits: number[]) => number} */
export const round = (value, ...digits) => {
  if (!Number.isFinite(value)) return value;
  if (!digits.length || digits[0] >= 0) return Number(fixed(value, digits[0] ?? 0));
  const unit = 10 ** -digits[0];
  return unit * round(value / unit);
};

// ---- methods of Python's types ---------------------------------------------------------------------

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
  union: (/** @type {Set<any>} */ values, /** @type {any} */ ...others) => set([...values, ...others.flatMap((other) => [...iter(other)])]),
};

const NUMBER = { is_integer: Number.isInteger };

/** @type {(value: any) => Record<string, any> | null} */
const METHODS_OF = (value) => {
  if (typeof value === "string") return TEXT;
  if (typeof value === "number") return NUMBER;
  if (isArray(value)) return LIST;
  if (value instanceof Map) return DICT;
  return value instanceof Set ? SET : null;
};

// ---- modules of Python -----------------------------------------------------------------------------

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
  pairwise: (/** @type {any} */ values) => [...iter(values)].map((value, n, list) => [value, list[n + 1]]).slice(0, -1),
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

/** @type {(value: any) => any} */
const asDict = (value) => {
  if (value instanceof Record) return new Dict(Object.entries(value).map(([name, one]) => [name, asDict(one)]));
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

// ---- what leaves ------------------------------------------------------------------------------------

/** A value as JSON has it. @type {(value: any) => any} */
export const plain = (value) => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, one]) => [name, plain(one)]));
  if (isArray(value)) return Array.from(value, plain);
  if (value instanceof Record) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value;
};

/** A value of JSON as Python has it. @type {(value: any) => any} */
export const fromJson = (value) => {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value !== null && typeof value === "object") return new Dict(Object.entries(value).map(([name, one]) => [name, fromJson(one)]));
  return value;
};
