// JavaScript measures texts as app/charts/letters.py does: both compare with widths.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { widthOf } from "../../static/text_width.js";

const texts = JSON.parse(readFileSync(new URL("widths.json", import.meta.url), "utf8"));

test("texts are as wide as the server finds them", () => {
  for (const { text, size, bold, width } of texts) assert.equal(widthOf(text, size, bold), width, text);
});
