// Formats of numbers, and label smoothing after a change of the loss. A browser test compares formats with the
// server's.
import assert from "node:assert/strict";
import { test } from "node:test";

import { at, written } from "../../static/format.js";
import { suitSmoothing } from "../../static/smoothing.js";

test("what is not there is a dash, and zero has no sign", () => {
  assert.deepEqual([written(null, "fixed2"), written(undefined)], ["–", "–"]);
  assert.deepEqual([written(-0.001, "fixed2"), written(0, "scientific")], ["0.00", "0"]);
});

test("negative numbers have a minus sign, long ones commas", () => {
  assert.equal(written(-1.5, "fixed1"), "−1.5");
  assert.equal(written(-12345.6, "count"), "−12,346");
  assert.equal(written(-0.00012, "scientific"), "−1.2e−4");
  assert.deepEqual([written(1.42, "scientific"), written(0.0123, "scientific")], ["1.4", "0.012"]);
  assert.equal(written(0.123, "percent1"), "12.3%");
});

test("a path that leads nowhere gives nothing", () => {
  const result = { rows: [{ name: "ipo" }], own: null };
  assert.equal(at(result, "rows.0.name"), "ipo");
  assert.equal(at(result, "own.name"), null);
  assert.equal(at(result, "missing"), undefined);
});

test("label smoothing moves to what the loss allows, and no further", () => {
  const moved = (loss, smoothing) => {
    const control = { value: String(smoothing) };
    const widget = { form: { elements: { label_smoothing: control } }, setParam: (_, value) => (control.value = value) };
    suitSmoothing(widget, loss);
    return Number(control.value);
  };
  assert.equal(moved("ipo", 0.2), 0);
  assert.equal(moved("sigmoid", 0.2), 0.2);
  assert.equal(moved("exo_pair", 0), 0.001);
  assert.equal(moved("exo_pair", 0.2), 0.2);
});
