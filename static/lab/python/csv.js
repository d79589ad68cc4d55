// Python's csv.reader, with its errors.
import { exception } from "./errors.js";
import { named } from "./values.js";

const LONGEST = 131_072;
/** a line that is split at once */
const PLAIN = /^[^"\r\n]*[\r\n]*$/;
const CsvError = exception("Error");

const [START_RECORD, START_FIELD, IN_FIELD, IN_QUOTES, QUOTE_IN_QUOTES, AT_END] = [0, 1, 2, 3, 4, 5];

class Reader {
  line_num = 0;

  /** @param {Iterable<string>} lines @param {string} delimiter @param {boolean} skipping spaces before a cell @param {boolean} strict */
  constructor(lines, delimiter, skipping, strict) {
    this.lines = lines[Symbol.iterator]();
    this.delimiter = delimiter;
    this.skipping = skipping;
    this.strict = strict;
  }

  [Symbol.iterator]() {
    return this;
  }

  /** @param {string} line without quotes */
  split(line) {
    const cells = line.replace(/[\r\n]+$/, "");
    if (!cells) return [];
    return cells.split(this.delimiter).map((cell) => (this.skipping ? cell.replace(/^ +/, "") : cell));
  }

  /** @returns {{ done: boolean, value: string[] | undefined }} */
  next() {
    /** @type {string[]} */
    const cells = [];
    let cell = "";
    let state = START_RECORD;
    const save = () => {
      cells.push(cell);
      cell = "";
    };
    do {
      const { value: line, done } = this.lines.next();
      if (done) {
        if (!cell && state !== IN_QUOTES) return { done: true, value: undefined };
        if (this.strict) throw CsvError("unexpected end of data");
        save();
        break;
      }
      this.line_num += 1;
      if (state === START_RECORD && PLAIN.test(line) && line.length < LONGEST) return { done: false, value: this.split(line) };
      for (const character of line) {
        const ends = character === "\n" || character === "\r";
        if (state === START_RECORD) state = ends ? AT_END : START_FIELD;
        if (state === AT_END) {
          if (!ends) throw CsvError("new-line character seen in unquoted field - do you need to open the file in universal-newline mode?");
        } else if (state === IN_QUOTES) {
          if (character === '"') state = QUOTE_IN_QUOTES;
          else cell += character;
        } else if (state === QUOTE_IN_QUOTES && character === '"') {
          cell += character;
          state = IN_QUOTES;
        } else if (ends) {
          save();
          state = AT_END;
        } else if (state === START_FIELD && character === '"') state = IN_QUOTES;
        else if (state === START_FIELD && character === " " && this.skipping) continue;
        else if (character === this.delimiter) {
          save();
          state = START_FIELD;
        } else if (state === QUOTE_IN_QUOTES && this.strict) throw CsvError(`'${this.delimiter}' expected after '"'`);
        else {
          cell += character;
          state = IN_FIELD;
        }
        if (cell.length > LONGEST) throw CsvError(`field larger than field limit (${LONGEST})`);
      }
      if (state === START_FIELD || state === IN_FIELD || state === QUOTE_IN_QUOTES) save();
      if (state !== IN_QUOTES) state = START_RECORD;
    } while (state !== START_RECORD);
    return { done: false, value: cells };
  }
}

export const csv = {
  Error: CsvError,
  reader: named(["lines", "delimiter", "skipinitialspace", "strict"], (/** @type {Iterable<string>} */ lines, delimiter = ",", skipping = false, strict = false) => new Reader(lines, delimiter, skipping, strict)),
};
