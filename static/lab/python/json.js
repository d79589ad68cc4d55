// Python's json: reads JSON as its decoder does, with NaN and infinities, and says the same of what is none.
import { RecursionError, ValueError, exception } from "./errors.js";
import { held } from "./characters.js";
import { Dict, open } from "./values.js";

/** Levels; Python's depends on what called it. */
const DEEPEST = 950;

const JSONDecodeError = exception("JSONDecodeError", ValueError);
/** @type {(message: string, text: string, at: number) => Error} */
const wrong = (message, text, at) => {
  const before = text.slice(0, at);
  const lineno = before.split("\n").length;
  const colno = at - before.lastIndexOf("\n");
  return Object.assign(JSONDecodeError(`${message}: line ${lineno} column ${colno} (char ${at})`), { msg: message, lineno, colno });
};

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
/** what a text holds between escapes, with control characters or without */
const ANY = /[^"\\]*/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const HEX = /[\da-fA-F]{4}/y;
/** @type {Record<string, any>} */
const CONSTANTS = { null: null, true: true, false: false, NaN, Infinity, "-Infinity": -Infinity };
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class Reader {
  at = 0;
  depth = 0;

  /** @param {string} text @param {boolean} strict whether texts may hold no control characters */
  constructor(text, strict) {
    this.text = text;
    this.plain = strict ? PLAIN : ANY;
  }

  /** @param {RegExp} form */
  take(form) {
    form.lastIndex = this.at;
    const found = form.exec(this.text);
    this.at += found?.[0].length ?? 0;
    return found?.[0];
  }

  whole() {
    this.take(BLANK);
    const value = this.value();
    this.take(BLANK);
    if (this.at < this.text.length) throw wrong("Extra data", this.text, this.at);
    return value;
  }

  /** @returns {any} */
  value() {
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === "{" || first === "[") {
      if ((this.depth += 1) > DEEPEST) throw RecursionError();
      const value = first === "{" ? this.object() : this.array();
      this.depth -= 1;
      return value;
    }
    for (const word in CONSTANTS) {
      if (first === word[0] && this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return CONSTANTS[word];
      }
    }
    const number = this.take(NUMBER);
    if (!number) throw wrong("Expecting value", this.text, this.at);
    return Number(number);
  }

  object() {
    const made = new Dict();
    this.at += 1;
    this.take(BLANK);
    if (this.ends("}")) return made;
    for (;;) {
      if (this.text[this.at] !== '"') throw wrong("Expecting property name enclosed in double quotes", this.text, this.at);
      const name = this.string();
      this.take(BLANK);
      this.expect(":");
      made.set(name, this.value());
      this.take(BLANK);
      if (this.ends("}")) return made;
      this.expect(",");
    }
  }

  array() {
    /** @type {any[]} */
    const made = [];
    this.at += 1;
    this.take(BLANK);
    if (this.ends("]")) return made;
    for (;;) {
      made.push(this.value());
      this.take(BLANK);
      if (this.ends("]")) return made;
      this.expect(",");
    }
  }

  /** @param {string} bracket */
  ends(bracket) {
    if (this.text[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  /** @param {string} mark */
  expect(mark) {
    if (!this.ends(mark)) throw wrong(`Expecting '${mark}' delimiter`, this.text, this.at);
    this.take(BLANK);
  }

  string() {
    const start = this.at;
    this.at += 1;
    let found = "";
    for (;;) {
      found += this.take(this.plain);
      const mark = this.text[this.at];
      const escaped = this.text[this.at + 1];
      if (mark === undefined || (mark === "\\" && escaped === undefined)) throw wrong("Unterminated string starting at", this.text, start);
      if (mark !== '"' && mark !== "\\") throw wrong("Invalid control character at", this.text, this.at);
      this.at += 1;
      if (mark === '"') return held(found);
      if (escaped === "u") found += this.unit();
      else {
        if (!(escaped in ESCAPES)) throw wrong("Invalid \\escape", this.text, this.at - 1);
        found += ESCAPES[escaped];
        this.at += 1;
      }
    }
  }

  /** The UTF-16 unit that four digits behind \u name. */
  unit() {
    const start = this.at;
    this.at += 1;
    // A text ends with a quote, so digits at the very end are none.
    const digits = this.at + 4 < this.text.length ? this.take(HEX) : undefined;
    if (!digits) throw wrong("Invalid \\uXXXX escape", this.text, start);
    return String.fromCharCode(parseInt(digits, 16));
  }
}

/** @type {(text: string, strict?: boolean) => any} */
const read = (text, strict = true) => new Reader(text, strict).whole();

export const json = {
  JSONDecodeError,
  // Here all numbers are float.
  JSONDecoder: open(() => ({ decode: read })),
  loads: open(([text], { strict }) => read(text, strict)),
};
