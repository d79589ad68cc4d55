// The values of code compiled from Python, and how its functions are called. A number is a float or an int, a dict is a Dict, a
// list or tuple is an Array, a tensor is a typed array, a dataclass or model is a record.

import { TypeError } from "./errors.js";

/** The key that a value has in a dict or set: of equal tuples, the first stands for all. */
class Keys {
  /** @type {Map<string, any[]>} */
  #tuples = new Map();

  /** @param {any[]} value */
  of(value) {
    const text = JSON.stringify(value);
    if (!this.#tuples.has(text)) this.#tuples.set(text, value);
    return this.#tuples.get(text);
  }
}

export class Dict extends Map {
  /** @type {Keys | null} most have no tuples */
  #keys = null;

  /** @param {Iterable<[any, any]>} entries */
  constructor(entries = []) {
    super(); // which would set entries before there are keys
    for (const [name, value] of entries) this.set(name, value);
  }

  /** @param {any} name */
  #key(name) {
    return Array.isArray(name) ? (this.#keys ??= new Keys()).of(name) : name;
  }

  /** @param {any} name @param {any} value */
  set(name, value) {
    return super.set(this.#key(name), value);
  }

  /** @param {any} name */
  get(name) {
    return super.get(this.#key(name));
  }

  /** @param {any} name */
  has(name) {
    return super.has(this.#key(name));
  }

  /** @param {any} name */
  delete(name) {
    return super.delete(this.#key(name));
  }
}

export class PythonSet extends Set {
  /** @type {Keys | null} */
  #keys = null;

  /** @param {Iterable<any>} values */
  constructor(values = []) {
    super();
    for (const value of values) this.add(value);
  }

  /** @param {any} value */
  #key(value) {
    return Array.isArray(value) ? (this.#keys ??= new Keys()).of(value) : value;
  }

  /** @param {any} value */
  add(value) {
    return super.add(this.#key(value));
  }

  /** @param {any} value */
  has(value) {
    return super.has(this.#key(value));
  }

  /** @param {any} value */
  delete(value) {
    return super.delete(this.#key(value));
  }
}

/** Base of all records. */
export class PythonRecord {
  /** @param {Dict} update */
  model_copy(update) {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, Object.fromEntries(update));
  }
}

Object.assign(PythonRecord.prototype.model_copy, { params: ["update"] });

/** @typedef {((...args: any[]) => any) & { params?: string[], type?: any, fields?: [string, (() => any)?][], checks?: any[][], isType?: (value: any) => boolean, keywords?: (args: any[], named: [string, any][]) => any }} Callable */

/** A function with the names of its parameters, in order, by which a call with keywords is arranged. A last name ** collects
 *  others.
 *  @template {(...values: any[]) => any} Call @param {string[]} params @param {Call} call
 *  @returns {Call & { params: string[] }} */
export const named = (params, call) => Object.assign(call, { params });

/** A function of built-in kind, which takes named arguments as an object. @type {(made: (args: any[], named: any) => any) => Callable} */
export const open = (made) => {
  const called = /** @type {Callable} */ ((...args) => made(args, {}));
  called.keywords = (args, pairs) => made(args, Object.fromEntries(pairs));
  return called;
};

/** A type, as a function that makes its values. @type {(made: any, isType: (value: any) => boolean) => Callable} */
export const type_ = (made, isType) => Object.assign(made, { isType });

/** An object that can be called, as Python's __call__ says. @param {any} Type */
const callable = (Type) => {
  /** @type {any} */
  const made = Object.setPrototypeOf((/** @type {any[]} */ ...values) => made.__call__(...values), Type.prototype);
  delete made.name; // a function's own
  return made;
};

/** Have those fields of a record checked that it has. @type {(made: any, checks: any[][]) => void} */
const check = (made, checks) => {
  for (const [...fields] of checks) {
    const of = fields.pop();
    for (const field_name of fields.filter((field) => field in made)) {
      made[field_name] = of(made[field_name], { data: new Dict(Object.entries(made)), field_name });
    }
  }
};

/** A dataclass, model or named tuple: fields in order, with functions that make their defaults, and functions that check some
 *  of them, each given the value and the record as pydantic has it.
 *  @type {(name: string, base: any, fields: [string, (() => any)?][], methods: any, getters: any, checks?: [...string[], any][]) => Callable} */
export const record = (name, base, own, methods, getters, checks = []) => {
  if (base && !base.fields) throw TypeError(`${name}: its base is no record`);
  const Type = { [name]: class extends (base?.type ?? PythonRecord) {} }[name];
  Object.assign(Type.prototype, methods);
  for (const [getter, get] of Object.entries(getters)) Object.defineProperty(Type.prototype, getter, { get });
  const fields = [...(base?.fields ?? []).filter((/** @type {[string]} */ [field]) => !own.some(([other]) => other === field)), ...own];
  const make = /** @type {Callable} */ (
    (...values) => {
      const made = Type.prototype.__call__ ? callable(Type) : new Type();
      fields.forEach(([field, fallback], n) => {
        if (values[n] === undefined && !fallback) throw TypeError(`${name}: ${field} is missing`);
        made[field] = values[n] === undefined ? fallback() : values[n];
      });
      check(made, make.checks ?? []);
      made.__post_init__?.();
      return made;
    }
  );
  make.type = Type;
  make.fields = fields;
  make.checks = [...(base?.checks ?? []), ...checks];
  make.isType = (value) => value instanceof Type;
  return named(
    fields.map(([field]) => field),
    make,
  );
};

/** A property that is found once for each object: functools.cached_property. Its value is no entry of the object.
 *  @type {(name: string, find: () => any) => () => any} */
export const kept_property = (name, find) =>
  /** @this {any} */ function () {
    const value = find.call(this);
    Object.defineProperty(this, name, { value });
    return value;
  };

/** A type of dicts that have attributes beside their entries. @type {(name: string, fields: [string, () => any][]) => Callable} */
export const dict_type = (name, fields) => {
  const Type = /** @type {any} */ ({ [name]: class extends Dict {} })[name];
  const made = (/** @type {any} */ entries = []) => {
    const found = new Type(entries);
    for (const [field, first] of fields) found[field] = first();
    return found;
  };
  return Object.assign(made, { isType: (/** @type {any} */ value) => value instanceof Type });
};

/** A model of a base with further fields, which are those that it is given: pydantic's create_model.
 *  @type {(name: string, base: any) => Callable} */
export const open_record = (name, base) => {
  const Type = { [name]: class extends base.type {} }[name];
  const make = open((_, given) => {
    const made = Object.assign(new Type(), given);
    check(made, base.checks);
    return made;
  });
  return Object.assign(make, { type: Type, isType: (/** @type {any} */ value) => value instanceof Type });
};

/** Any other class, whose objects are made by its initializer. @type {(name: string, begin: any, methods: any, getters: any) => Callable} */
export const plain_class = (name, begin, methods, getters) => {
  const Type = { [name]: class {} }[name];
  Object.assign(Type.prototype, methods);
  for (const [getter, get] of Object.entries(getters)) Object.defineProperty(Type.prototype, getter, { get });
  return named(begin.params, (...values) => {
    const made = new Type();
    begin.apply(made, values);
    return made;
  });
};

/** An enumeration of texts. @type {(members: Record<string, string>) => any} */
export const names = (members) => Object.assign(Object.create({ [Symbol.iterator]: () => Object.values(members).values() }), members);

/** Call with named arguments. @type {(made: Callable, args: any[], pairs: [string, any][]) => any} */
export const apply = (made, args, pairs) => (made.keywords ? made.keywords(args, pairs) : made(...arranged(made, args, pairs)));

/** @type {(made: Callable, args: any[], pairs: [string, any][]) => any[]} */
export const arranged = (made, args, pairs) => {
  const { params } = made;
  if (!params) throw TypeError(`${made.name} takes no named arguments`);
  const given = [...args];
  const others = new Dict();
  for (const [name, value] of pairs) {
    const place = params.indexOf(name);
    if (place >= 0) given[place] = value;
    else if (params.at(-1) === "**") others.set(name, value);
    else throw TypeError(`${made.name} has no parameter ${name}`);
  }
  if (params.at(-1) === "**") given[params.length - 1] = others;
  return given;
};

/** @type {(value: any) => boolean} */
export const isArray = (value) => Array.isArray(value) || ArrayBuffer.isView(value);

/** A value as JSON has it. @type {(value: any) => any} */
export const plain = (value) => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, one]) => [name, plain(one)]));
  if (isArray(value) || value instanceof Set) return Array.from(value, plain);
  if (value instanceof PythonRecord) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value;
};

/** What a for loop goes through. @type {(values: any) => Iterable<any>} */
export const iter = (values) => (values instanceof Map ? values.keys() : values);

/** [made(value) for value in values if chosen(value)] @type {(values: any, made: (value: any) => any, chosen?: (value: any) => boolean) => any[]} */
export const listed = (values, made, chosen) => {
  const found = [];
  for (const value of iter(values)) if (!chosen || chosen(value)) found.push(made(value));
  return found;
};

/** @type {(values?: any) => Set<any>} */
export const setOf = (values = []) => new PythonSet(iter(values));

/** The latest results by their arguments, which JSON can hold, made when first asked for: functools.lru_cache.
 *  @template {any[]} Args @template Made @param {(...args: Args) => Made} make @param {number} [most] how many are kept */
export const kept = (make, most = Infinity) => {
  /** @type {Map<string, Made>} */
  const known = new Map();
  return (/** @type {Args} */ ...args) => {
    // The list of all arguments begins with a bracket, which a name does not.
    const asked = args.length === 1 && /^\w/.test(args[0]) ? args[0] : JSON.stringify(args);
    const found = known.get(asked);
    if (found !== undefined && known.size < most) return found;
    const made = known.has(asked) ? /** @type {Made} */ (found) : make(...args);
    known.delete(asked);
    known.set(asked, made);
    if (known.size > most) known.delete(known.keys().next().value ?? "");
    return made;
  };
};
