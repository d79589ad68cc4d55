// Formats numbers as app/formatting.py does; a browser test compares the two.

/** @typedef {(value: number) => string} Format */

const MINUS = "−";

/** @type {(digits: number) => Format} */
const fixed = (digits) => (value) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", MINUS);
};

/** @type {(digits: number) => Format} */
const percent = (digits) => (value) => `${fixed(digits)(100 * value)}%`;

/** @type {Format} */
const scientific = (value) => {
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(1).split("e");
  const exponent = Number(power);
  const text = exponent >= -2 && exponent <= 1 ? value.toPrecision(2) : `${mantissa}e${exponent}`;
  return text.replaceAll("-", MINUS);
};

/** @type {Format} */
const count = (value) =>
  Math.round(value).toLocaleString("en-US").replace("-", MINUS);

/** @type {Format} */
const significant = (value) => {
  const rounded = Number(value.toPrecision(4));
  if (Math.abs(rounded) >= 1000) return count(Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
  const text = rounded !== 0 && Math.abs(rounded) < 1e-4 ? rounded.toExponential() : String(rounded);
  return text.replaceAll("-", MINUS);
};

/** @type {Record<string, Format>} */
const FORMATS = {
  ...Object.fromEntries([0, 1, 2, 3, 4].map((digits) => [`fixed${digits}`, fixed(digits)])),
  percent0: percent(0),
  percent1: percent(1),
  percent2: percent(2),
  scientific,
  count,
  significant,
};

/** @type {(value: any, how?: string) => string} */
export const written = (value, how = "text") => {
  if (value === null || value === undefined) return "–";
  if (how === "text" || typeof value !== "number") return String(value);
  return FORMATS[how](value);
};

// Look up a path such as gradient.reward_chosen or rows.0.name.
/** @type {(result: any, path: string) => any} */
export const at = (result, path) =>
  path.split(".").reduce((/** @type {any} */ value, part) => (value === null || value === undefined ? null : value[part]), result);
