// Python's operators, which are torch's on tensors.
import { KeyError, failure } from "./errors.js";
import { filled } from "./texts.js";
import { Mask, chosen, compared, isTensor, onPairs } from "./torch.js";
import { Dict, isArray, iter, setOf } from "./values.js";

/** @type {(value: any) => boolean} */
export const truth = (value) => {
  if (isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  if (value?.__len__) return value.__len__() > 0;
  return Boolean(value) || Number.isNaN(value);
};
/** @type {(value: any, other: () => any) => any} */
export const both = (value, other) => (truth(value) ? other() : value);
/** @type {(value: any, other: () => any) => any} */
export const either = (value, other) => (truth(value) ? value : other());

/** @type {(one: any, other: any) => boolean} */
export const isTensors = (one, other) => isTensor(one) || isTensor(other);

/** Whether two values are the same. @type {(one: any, other: any) => boolean} */
export const same = (one, other) => {
  if (one === other) return true;
  if (typeof one === "boolean" || typeof other === "boolean") return Number(one) === Number(other);
  if (isArray(one)) return isArray(other) && one.length === other.length && [...one].every((value, n) => same(value, other[n]));
  if (one instanceof Map) return other instanceof Map && one.size === other.size && [...one].every(([name, value]) => other.has(name) && same(value, other.get(name)));
  if (one instanceof Set) return other instanceof Set && one.size === other.size && [...one].every((value) => other.has(value));
  if (one !== null && typeof one === "object") return one.constructor === other?.constructor && Object.entries(one).every(([name, value]) => same(value, /** @type {any} */ (other)[name]));
  return false;
};
/** @type {(one: any, other: any) => any} */
export const eq = (one, other) => (isTensors(one, other) ? compared(one, other, (value, than) => value === than) : same(one, other));
/** @type {(one: any, other: any) => any} */
export const ne = (one, other) => (isTensors(one, other) ? compared(one, other, (value, than) => value !== than) : !same(one, other));

/** Negative, zero or positive, as one is less than, equal to or more than the other. @type {(one: any, other: any) => number} */
export const order = (one, other) => {
  if (isArray(one)) {
    for (let n = 0; n < Math.min(one.length, other.length); n++) if (!same(one[n], other[n])) return order(one[n], other[n]);
    return one.length - other.length;
  }
  return one < other ? -1 : one > other ? 1 : 0;
};
/** @type {(one: any, other: any) => any} */
export const lt = (one, other) => {
  if (typeof one === "number" && typeof other === "number") return one < other;
  return isTensors(one, other) ? compared(one, other, (value, than) => value < than) : order(one, other) < 0;
};
/** @type {(one: any, other: any) => any} */
export const le = (one, other) => {
  if (typeof one === "number" && typeof other === "number") return one <= other;
  if (one instanceof Set) return [...one].every((value) => other.has(value));
  return isTensors(one, other) ? compared(one, other, (value, than) => value <= than) : order(one, other) <= 0;
};

/** @type {(value: any) => any} */
export const neg = (value) => (isTensor(value) ? onPairs(0, value, (zero, one) => zero - one) : -value);
/** @type {(value: any) => any} */
export const invert = (value) => (value instanceof Mask ? Mask.from(value, (one) => 1 - one) : typeof value === "boolean" ? !value : ~value);

/** @type {(one: any, other: any) => any} */
export const add = (one, other) => {
  if (typeof one === "number" && typeof other === "number") return one + other;
  if (isTensors(one, other)) return onPairs(one, other, (value, more) => value + more);
  return isArray(one) ? [...one, ...other] : one + other;
};
/** @type {(one: any, other: any) => any} */
export const sub = (one, other) => {
  if (isTensors(one, other)) return onPairs(one, other, (value, less) => value - less);
  return one instanceof Set ? setOf([...one].filter((value) => !other.has(value))) : one - other;
};
/** @type {(one: any, other: any) => any} */
export const mul = (one, other) => {
  if (typeof one === "number" && typeof other === "number") return one * other;
  if (isTensors(one, other)) return onPairs(one, other, (value, times) => value * times);
  if (typeof one === "string") return one.repeat(Math.max(0, other));
  if (isArray(one)) return Array.from({ length: Math.max(0, other) }, () => [...one]).flat();
  if (typeof other === "string" || isArray(other)) return mul(other, one);
  return one * other;
};
/** @type {(one: any, other: any) => any} */
export const div = (one, other) => {
  if (isTensors(one, other)) return onPairs(one, other, (value, by) => value / by);
  if (Number(other) === 0) throw failure("ZeroDivisionError", "division by zero");
  return one / other;
};
/** @type {(one: number, other: number) => number} */
export const floordiv = (one, other) => Math.floor(one / other);
/** @type {(one: any, other: any) => any} */
export const mod = (one, other) => {
  if (isTensors(one, other)) return onPairs(one, other, mod);
  if (typeof one === "string") return filled(one, isArray(other) ? [...other] : [other]);
  return one - other * Math.floor(one / other);
};
/** @type {(one: any, other: any) => any} */
export const pow = (one, other) => (isTensors(one, other) ? onPairs(one, other, Math.pow) : one ** other);
/** @type {(one: any, other: any) => any} */
export const or_ = (one, other) => {
  if (one instanceof Map) return new Dict([...one, ...other]);
  if (one instanceof Set) return setOf([...one, ...other]);
  if (typeof one === "boolean" && typeof other === "boolean") return one || other;
  return isTensors(one, other) ? onPairs(one, other, (value, or) => value | or, Mask) : one | other;
};
/** @type {(one: any, other: any) => any} */
export const and_ = (one, other) => {
  if (one instanceof Set) return setOf([...one].filter((value) => other.has(value)));
  if (typeof one === "boolean" && typeof other === "boolean") return one && other;
  return isTensors(one, other) ? onPairs(one, other, (value, and) => value & and, Mask) : one & other;
};

/** @type {(one: any, other: any) => any} */
export const add_in_place = (one, other) => {
  if (!Array.isArray(one)) return add(one, other);
  for (const value of iter(other)) one.push(value);
  return one;
};
export { and_ as and__in_place, sub as sub_in_place, mul as mul_in_place, div as div_in_place, floordiv as floordiv_in_place };
/** @type {(one: any, other: any) => any} */
export const or__in_place = (one, other) => {
  if (one instanceof Map) for (const [name, value] of other) one.set(name, value);
  else if (one instanceof Set) for (const value of other) one.add(value);
  else return or_(one, other);
  return one;
};

/** @type {(values: any, value: any) => boolean} */
export const has = (values, value) => {
  if (typeof values === "string") return values.includes(value);
  if (values instanceof Map || values instanceof Set) return values.has(value);
  for (const one of iter(values)) if (same(one, value)) return true;
  return false;
};

/** @type {(values: any, place: any) => any} */
export const at = (values, place) => {
  if (values instanceof Map) {
    if (!values.has(place)) throw KeyError(place);
    return values.get(place);
  }
  if (!isArray(values) && typeof values !== "string") return values.__getitem__ ? values.__getitem__(place) : values[place];
  if (isTensor(place)) return chosen(values, place);
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
  if (isTensor(values)) return /** @type {any} */ (values.constructor).from(found);
  return typeof values === "string" ? found.join("") : found;
};

