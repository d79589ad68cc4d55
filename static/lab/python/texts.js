// Numbers and other values as Python writes them.
import { PythonError, ValueError } from "./errors.js";
import { isArray } from "./values.js";

/** What Python takes for spaces, as the inside of a class of characters. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const SPACES = new RegExp(`[${SPACE}]`);

/** A text without spaces, or some letters, at one end or both. @type {(text: string, letters?: string, ends?: string) => string} */
export const strip = (all, letters, ends = "both") => {
  /** @type {(character: string) => boolean} */
  const goes = (character) => (letters === undefined ? (character <= " " || character > "\x7f") && SPACES.test(character) : letters.includes(character));
  let [first, end] = [0, all.length];
  if (ends !== "right") while (first < end && goes(all[first])) first += 1;
  if (ends !== "left") while (first < end && goes(all[end - 1])) end -= 1;
  return all.slice(first, end);
};

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
export const fixed = (value, digits) => {
  // toFixed writes numbers from 1e21 on with a power of ten.
  if (Math.abs(value) >= 1e21) return BigInt(value) + (digits ? `.${"0".repeat(digits)}` : "");
  return even(value, (size, most) => size.toFixed(most), digits);
};
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
export const text = (value) => {
  if (value === null) return "None";
  if (Number.isNaN(value)) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value).replace(/e([+-])(\d)$/, "e$10$2");
  if (value instanceof PythonError) return String(value.args[0] ?? "");
  if (isArray(value)) return `[${[...value].map(repr).join(", ")}]`;
  return String(value);
};
/** @type {(value: any) => string} */
export const repr = (value) => (typeof value === "string" ? `'${value}'` : text(value));

const SPEC = /^(?:(.)?([<>^]))?([+ ])?(\d+)?([,_])?(?:\.(\d+))?([a-z%])?$/;

/** format(value, spec). @type {(value: any, spec: string) => string} */
export const format = (value, spec) => {
  if (!spec) return text(value);
  const parts = SPEC.exec(spec);
  if (!parts) throw ValueError(`format ${spec}`);
  const [, fill = " ", side = typeof value === "string" ? "<" : ">", sign = "", width, comma, digits, kind] = parts;
  let found;
  if (typeof value === "string") found = digits ? value.slice(0, Number(digits)) : value;
  else if (kind === "f") found = fixed(value, Number(digits ?? 6));
  else if (kind === "e") found = scientific(value, Number(digits ?? 6));
  else if (kind === "%") found = `${fixed(100 * value, Number(digits ?? 6))}%`;
  else if (kind === "g" || digits) found = general(Number(value), Number(digits ?? 6));
  else found = text(value);
  if (comma) found = found.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, comma));
  if (sign && !found.startsWith("-")) found = sign + found;
  const room = Number(width ?? 0) - found.length;
  if (room <= 0) return found;
  if (side === "^") return fill.repeat(Math.floor(room / 2)) + found + fill.repeat(Math.ceil(room / 2));
  return side === "<" ? found + fill.repeat(room) : fill.repeat(room) + found;
};

/** text % values. @type {(form: string, values: any[]) => string} */
export const filled = (form, values) => {
  const left = values.values();
  return form.replace(/%(%|[^a-z%]*[a-z])/g, (_, spec) => (spec === "%" ? "%" : format(left.next().value, spec === "s" ? "" : spec === "d" ? "" : spec)));
};
