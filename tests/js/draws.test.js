// JavaScript draws what app/lab/draws.py draws: both compare with draws.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Draws, threefry } from "../../static/lab/draws.js";

const { known, drawn } = JSON.parse(readFileSync(new URL("draws.json", import.meta.url), "utf8"));

test("blocks are the published ones", () => {
  /** @type {(words: string[]) => number[]} */
  const numbers = (words) => words.map((word) => parseInt(word, 16));
  for (const { key, counter, out } of known) assert.deepEqual(threefry(numbers(key), numbers(counter)), numbers(out));
});

test("a stream is that of the lab, number for number", () => {
  const draws = new Draws(drawn.seed, drawn.stream, drawn.part);
  assert.deepEqual(draws.uniform(5), drawn.uniform);
  assert.deepEqual(draws.order(7), drawn.order);
  assert.deepEqual(draws.integers(6, 8), drawn.integers);
  draws.normal(3).forEach((number, n) => assert.ok(Math.abs(number - drawn.normal[n]) < 1e-14));
});
