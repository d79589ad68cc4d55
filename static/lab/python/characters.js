// In Python a character is one place of a text; in JavaScript those beyond U+FFFF are two. While a text is read, each of them is
// held by a character of its own from Unicode's area for private use, so that places and lengths are Python's.

const BEYOND = /[\u{10000}-\u{10ffff}]/gu;
const PRIVATE = /[\ue000-\uf8ff]/g;
/** @type {Map<string, string>} */
let standIns = new Map();
/** @type {Map<string, string>} */
let characters = new Map();
/** @type {Set<string>} */
let taken = new Set();
let next = 0xe000;

/** A text by which others are held too. @type {(text: string) => string} */
export const begun = (text) => {
  standIns = new Map();
  characters = new Map();
  taken = new Set(text.match(PRIVATE));
  next = 0xe000;
  return held(text);
};

/** @type {(text: string) => string} */
export const held = (text) => text.replace(BEYOND, (character) => standIns.get(character) ?? standInFor(character));

/** @type {(character: string) => string} */
const standInFor = (character) => {
  while (taken.has(String.fromCharCode(next))) next += 1;
  if (next > 0xf8ff) return "\ufffd";
  const made = String.fromCharCode(next);
  next += 1;
  standIns.set(character, made);
  characters.set(made, character);
  return made;
};

/** A text as it stood. @type {(text: string) => string} */
export const shown = (text) => (characters.size ? text.replace(PRIVATE, (one) => characters.get(one) ?? one) : text);

/** A value of JSON with the characters of the text. @type {(value: any) => any} */
export const asItStood = (value) => {
  if (typeof value === "string") return shown(value);
  if (Array.isArray(value)) return value.map(asItStood);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [shown(key), asItStood(one)]));
};
