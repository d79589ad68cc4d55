// Python's regular expressions as those of JavaScript. Letters, digits and spaces are Unicode's, as in Python, unless a pattern is
// ASCII. What JavaScript lacks, possessive quantifiers, is a lookahead that keeps what it found, then that once more.
import { failure } from "./errors.js";
import { SPACE } from "./texts.js";

const IGNORECASE = 2;
const MULTILINE = 8;
const DOTALL = 16;
const ASCII = 256;

/** The insides of character classes. @type {[Record<string, string>, Record<string, string>]} */
const [UNICODE_CLASSES, ASCII_CLASSES] = [
  { s: SPACE, d: "\\p{Nd}", w: "\\p{L}\\p{N}_" },
  { s: "\\t-\\r ", d: "0-9", w: "0-9A-Za-z_" },
];
const NAMED_CHARACTERS = "abfnrtv";
const NUMBERED = { x: 2, u: 4, U: 8 };
/** How groups begin that capture nothing. */
const PLAIN_GROUPS = /\(\?(?::|=|!|<=|<!)/y;
const NAMED_GROUP = /\(\?P<(\w+)>/y;
const QUANTIFIER = /([*+?]|\{\d+\}|\{\d*,\d*\})([?+]?)/y;
const SYNTAX = /[\\^$.*+?()[\]{}|/]/;

/** Reads a pattern of Python and writes it in JavaScript's syntax. */
class Translation {
  at = 0;
  /** of groups in the order of their brackets, by which JavaScript calls them g1, g2 and so on */
  groups = 0;
  kept = 0;
  /** @type {Map<string, number>} */
  names = new Map();

  /** @param {string} pattern @param {number} flags */
  constructor(pattern, flags) {
    this.pattern = pattern;
    this.flags = flags;
    this.classes = flags & ASCII ? ASCII_CLASSES : UNICODE_CLASSES;
    this.source = this.alternatives();
    if (this.at < pattern.length) throw this.refused();
  }

  refused() {
    return failure("re.error", `${this.pattern} at ${this.at}`);
  }

  /** @param {RegExp} form */
  next(form) {
    form.lastIndex = this.at;
    const found = form.exec(this.pattern);
    if (found) this.at += found[0].length;
    return found;
  }

  /** Up to the bracket that closes them. @returns {string} */
  alternatives() {
    let found = "";
    while (this.at < this.pattern.length && this.pattern[this.at] !== ")") found += this.quantified();
    return found;
  }

  quantified() {
    const captured = this.groups + Number(/^\((?!\?[^P])/.test(this.pattern.slice(this.at, this.at + 3)));
    const atom = this.atom();
    const quantifier = this.next(QUANTIFIER);
    if (!quantifier) return atom;
    const [, times, kind] = quantifier;
    // What a group within found, JavaScript forgets each time round, and Python does not.
    if (this.groups > captured && times !== "?") throw this.refused();
    const many = atom + times.replace("{,", "{0,");
    if (kind !== "+") return many + kind;
    this.kept += 1;
    return `(?=(?<k${this.kept}>${many}))\\k<k${this.kept}>`;
  }

  /** @returns {string} */
  atom() {
    const character = this.pattern[this.at];
    if (character === "(") return this.group();
    this.at += 1;
    if (character === "\\") return this.escape(false);
    if (character === "[") return this.characters();
    if (character === ".") return this.flags & DOTALL ? "[^]" : "[^\\n]";
    if (character === "^") return this.flags & MULTILINE ? "(?<![^\\n])" : "^";
    if (character === "$") return this.flags & MULTILINE ? "(?![^\\n])" : "(?=\\n?$)";
    if ("*+?".includes(character)) throw this.refused();
    return "|".includes(character) ? character : literal(character);
  }

  group() {
    const plain = this.next(PLAIN_GROUPS);
    let head = plain?.[0];
    if (!head) {
      const name = this.next(NAMED_GROUP)?.[1];
      if (!name && this.pattern[this.at + 1] === "?") throw this.refused();
      if (!name) this.at += 1;
      this.groups += 1;
      if (name) this.names.set(name, this.groups);
      head = `(?<g${this.groups}>`;
    }
    const inner = this.alternatives();
    if (this.pattern[this.at] !== ")") throw this.refused();
    this.at += 1;
    return `${head}${inner})`;
  }

  /** What a backslash, which was read, makes of what follows. @param {boolean} within a class @returns {string} */
  escape(within) {
    const letter = this.pattern[this.at];
    this.at += 1;
    const inside = this.classes[letter];
    if (inside) return within ? inside : `[${inside}]`;
    if (NAMED_CHARACTERS.includes(letter) && (within || letter !== "b")) return letter === "a" ? "\\x07" : letter === "b" ? "\\x08" : `\\${letter}`;
    const digits = NUMBERED[/** @type {"x"} */ (letter)];
    if (digits) {
      this.at += digits;
      const written = this.pattern.slice(this.at - digits, this.at);
      return letter === "U" ? `\\u{${written}}` : `\\${letter}${written}`;
    }
    if (!/[0-9A-Za-z]/.test(letter)) return within && letter === "-" ? "\\-" : literal(letter);
    const word = `[${this.classes.w}]`;
    if (within) throw this.refused();
    if (/[1-9]/.test(letter)) return `\\k<g${letter}>`;
    if (this.classes[letter.toLowerCase()]) return `[^${this.classes[letter.toLowerCase()]}]`;
    if (letter === "b") return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
    if (letter === "A") return "^";
    if (letter === "Z") return "$";
    throw this.refused();
  }

  /** A class of characters, whose bracket was read. */
  characters() {
    let found = "[";
    const first = this.at + Number(this.pattern[this.at] === "^");
    for (; this.pattern[this.at] !== "]" || this.at === first; ) {
      const character = this.pattern[this.at];
      if (character === undefined) throw this.refused();
      this.at += 1;
      if (character === "\\") found += this.escape(true);
      else found += character === "-" || (character === "^" && this.at === first) ? character : literal(character);
    }
    this.at += 1;
    return `${found}]`;
  }
}

/** @type {(character: string) => string} */
const literal = (character) => (SYNTAX.test(character) ? `\\${character}` : character);

class Match {
  /** @param {RegExpExecArray} found @param {Map<string, number>} names */
  constructor(found, names) {
    this.found = found;
    this.names = names;
  }

  /** @param {number | string} group @returns {string | null} */
  __getitem__(group) {
    if (group === 0) return this.found[0];
    return this.found.groups?.[`g${typeof group === "string" ? this.names.get(group) : group}`] ?? null;
  }

  start() {
    return this.found.index;
  }

  end() {
    return this.found.index + this.found[0].length;
  }
}

class Pattern {
  /** @param {string} pattern @param {number} flags */
  constructor(pattern, flags) {
    const { source, names, groups } = new Translation(pattern, flags);
    this.names = names;
    this.groups = groups;
    // Letters are the same as ASCII ones in Unicode's case folding: a long s, and the sign of kelvins.
    const kind = (flags & ASCII ? "" : "u") + (flags & IGNORECASE ? "i" : "");
    this.anywhere = new RegExp(source, `g${kind}`);
    this.here = new RegExp(source, `y${kind}`);
    this.whole = new RegExp(`(?:${source})$`, `y${kind}`);
  }

  /** @param {RegExp} form @param {string} text @param {number} at */
  first(form, text, at) {
    form.lastIndex = at;
    const found = form.exec(text);
    return found && new Match(found, this.names);
  }

  /** @param {string} text @param {number} [at] @param {number} [end] where the text is taken to end */
  search(text, at = 0, end = text.length) {
    return this.first(this.anywhere, end < text.length ? text.slice(0, end) : text, at);
  }

  /** @param {string} text @param {number} [at] */
  match(text, at = 0) {
    return this.first(this.here, text, at);
  }

  /** @param {string} text */
  fullmatch(text) {
    return this.first(this.whole, text, 0);
  }

  /** @param {string} text */
  *finditer(text) {
    for (let at = 0; at <= text.length; ) {
      const found = this.search(text, at);
      if (!found) return;
      yield found;
      at = found.end() + Number(found.end() === found.start());
    }
  }

  /** @param {string} text */
  findall(text) {
    return [...this.finditer(text)].map((found) => found.__getitem__(Math.min(1, this.groups)));
  }

  /** @param {string} text */
  split(text) {
    const parts = [];
    let at = 0;
    for (const found of this.finditer(text)) {
      parts.push(text.slice(at, found.start()));
      at = found.end();
    }
    return [...parts, text.slice(at)];
  }

  /** @param {string | ((found: Match) => string)} by a function, or a text in which \1 is the first group @param {string} text */
  sub(by, text) {
    const made = typeof by === "string" ? filledWith(by) : by;
    const parts = [];
    let at = 0;
    for (const found of this.finditer(text)) {
      parts.push(text.slice(at, found.start()), made(found));
      at = found.end();
    }
    return [...parts, text.slice(at)].join("");
  }
}

/** @type {(template: string) => (found: Match) => string} */
const filledWith = (template) => (found) => template.replace(/\\([1-9])/g, (_, group) => found.__getitem__(Number(group)) ?? "");

export const re = {
  compile: (/** @type {string} */ pattern, flags = 0) => new Pattern(pattern, flags),
  I: IGNORECASE,
  IGNORECASE,
  M: MULTILINE,
  S: DOTALL,
  ASCII,
};
