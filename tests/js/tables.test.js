// JavaScript makes the tables that app/charts/table.py makes: both compare with tables.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { columnsOf } from "../../static/data_table.js";

for (const { case: name, figure, heads, rows } of JSON.parse(readFileSync(new URL("tables.json", import.meta.url), "utf8"))) {
  test(name, () => assert.deepEqual(columnsOf(figure), { heads, rows, note: "" }));
}

test("a long table is thinned evenly and says so", () => {
  const places = Array.from({ length: 1001 }, (_, i) => i);
  const axis = { title: { text: "step" } };
  const { rows, note } = columnsOf({ data: [{ name: "loss", x: places, y: places }], layout: { xaxis: axis, yaxis: axis } });
  assert.deepEqual(rows.map(([place]) => place.replace(",", "")), places.filter((i) => i % 3 === 0).map(String));
  assert.equal(note, "334 of 1,001 rows, evenly spaced; the JSON has them all.");
});
