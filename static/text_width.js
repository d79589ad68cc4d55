// Widths of texts in drawings, as app/charts/letters.py has them.
import { LETTERS } from "./letters.js";

/** The width in pixels of a text of one line in Source Sans 3, without kerning. A letter that is not in the table
 *  counts as an m.
 *  @type {(text: string, size: number, bold?: boolean) => number} */
export const widthOf = (text, size, bold = false) => {
  /** @type {Record<string, number>} */
  const widths = bold ? LETTERS.bold : LETTERS.regular;
  let total = 0;
  for (const letter of text) total += widths[letter] ?? widths.m;
  return (total * size) / 1000;
};
