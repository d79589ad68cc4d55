// Responses and their beginnings, numbered as in app/lab/network/prefixes.py: prefix 0 is empty, and the children of
// prefix n are 6 n + 1 to 6 n + 6. Token 0 of a prefix is the prompt; its phrases are numbered slot after slot from 1.

export const PROMPTS = 6;
export const SLOTS = 5;
export const PHRASES = 6;
// Not by ** and /: V8 would keep floats, and loops up to them would take half as long again.
export const PREFIXES = 1 + PHRASES * (1 + PHRASES * (1 + PHRASES * (1 + PHRASES)));
export const RESPONSES = (PHRASES - 1) * PREFIXES + 1;
export const TOKENS = 1 + (SLOTS - 1) * PHRASES;

/** How many phrases each prefix has: the slot of the next one. */
export const LENGTH = new Uint8Array(PREFIXES);

/** The tokens of each prefix, the prompt first, in rows of five. */
export const TOKENS_OF = new Uint8Array(PREFIXES * SLOTS);

for (let prefix = 1; prefix < PREFIXES; prefix++) {
  const phrase = (prefix - 1) % PHRASES;
  const parent = (prefix - 1 - phrase) / PHRASES;
  const length = LENGTH[parent] + 1;
  LENGTH[prefix] = length;
  TOKENS_OF.copyWithin(prefix * SLOTS, parent * SLOTS, parent * SLOTS + length);
  TOKENS_OF[prefix * SLOTS + length] = 1 + (length - 1) * PHRASES + phrase;
}

/** A prefix with one phrase more. @type {(prefix: number, phrase: number) => number} */
export const child = (prefix, phrase) => PHRASES * prefix + 1 + phrase;

/** The number of a response in lexicographic order, from that of its last prefix and its last phrase.
 *  @type {(prefix: number, phrase: number) => number} */
export const responseNumber = (prefix, phrase) => child(prefix, phrase) - PREFIXES;

/** The number of a response, whose phrases are given. @param {ArrayLike<number>} response */
export const numberOf = (response) => {
  let number = 0;
  for (let slot = 0; slot < SLOTS; slot++) number = PHRASES * number + response[slot];
  return number;
};

/** The phrases of a response, which is given by its number. @param {number} number */
export const responseOf = (number) =>
  Array.from({ length: SLOTS }, (_, slot) => Math.floor(number / PHRASES ** (SLOTS - 1 - slot)) % PHRASES);

/** Each prefix of some responses once, and the place among these of the prefix before each phrase.
 *  @param {Uint8Array} responses phrases, in rows of five */
export const distinctPrefixes = (responses) => {
  const place = new Int32Array(PREFIXES).fill(-1);
  const rows = new Int32Array(responses.length);
  /** @type {number[]} */
  const prefixes = [];
  for (let start = 0; start < responses.length; start += SLOTS) {
    for (let slot = 0, prefix = 0; slot < SLOTS; slot++) {
      if (place[prefix] < 0) place[prefix] = prefixes.push(prefix) - 1;
      rows[start + slot] = place[prefix];
      prefix = child(prefix, responses[start + slot]);
    }
  }
  return { prefixes, rows };
};
