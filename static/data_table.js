// The data of a figure as a table: a row for each place along the figure, a column for each series. The same as
// app/charts/table.py.
import { element } from "./dom.js";
import { written } from "./format.js";

const MOST_ROWS = 400;

/** @typedef {{ heads: string[], rows: string[][], note: string }} Table */
/** @typedef {{ name: string, places: any[], values: any[] }} Series */
/** @typedef {"x" | "y"} Letter */

/** @type {(value: any) => string} */
const cell = (value) => (value === null || value === undefined ? "" : written(value, "significant"));

/** @type {(axis: any) => string} */
const titleOf = (axis) => axis.title.text;

/** The lengths of error bars; 0 where the error is not known.
 *  @type {(trace: Trace, across: Letter) => number[]} */
const errorsOf = (trace, across) => trace[`error_${across}`]?.array ?? trace[across].map(() => 0);

/** Whether each trace is one bar, at a place of its own.
 *  @type {(data: Trace[], along: Letter) => boolean} */
const haveOwnBars = (data, along) =>
  data.every((trace) => trace.type === "bar" && trace[along].length === 1) &&
  new Set(data.map((trace) => trace[along][0])).size === data.length;

/** Bars, each with its name as its place, as the one series that they are.
 *  @type {(data: Trace[], along: Letter, across: Letter, name: string) => any} */
const joined = (data, along, across, name) => ({
  name,
  [along]: data.flatMap((trace) => trace[along]),
  [across]: data.flatMap((trace) => trace[across]),
  [`error_${across}`]: { array: data.flatMap((trace) => errorsOf(trace, across)) },
});

/** The series of a figure, each followed by its error bars if it has any.
 *  @type {(figure: Figure, sideways: boolean) => Series[]} */
const seriesOf = ({ data, layout }, sideways) => {
  /** @type {Letter[]} */
  const [along, across] = sideways ? ["y", "x"] : ["x", "y"];
  const own = data.length > 1 && haveOwnBars(data, along);
  const traces = own ? [joined(data, along, across, titleOf(layout[`${across}axis`]))] : data;
  return traces.flatMap((trace) => {
    const title = titleOf(layout[sideways ? "xaxis" : `yaxis${(trace.yaxis ?? "y").slice(1)}`]);
    const unit = / \([^()]*\)$/.exec(title)?.[0] ?? "";
    const name = trace.name.endsWith(unit) ? trace.name : trace.name + unit;
    const series = { name, places: trace[along], values: trace[across] };
    const errors = errorsOf(trace, across);
    if (!errors.some(Boolean)) return [series];
    return [series, { name: `±${unit}`, places: trace[along], values: errors.map((error) => error || null) }];
  });
};

/** A key for each place, which counts the points of a series at the same one.
 *  @type {(places: any[]) => string[]} */
const keysOf = (places) => {
  const seen = new Map();
  return places.map((place) => {
    seen.set(place, (seen.get(place) ?? -1) + 1);
    return `${seen.get(place)} ${place}`;
  });
};

/** The keys of places, sorted; places that are names stay in the figure's order.
 *  @type {(places: Map<string, any>) => string[]} */
const sorted = (places) => {
  const values = [...new Set(places.values())];
  if (values.every((place) => typeof place === "number")) values.sort((one, other) => one - other);
  const order = new Map(values.map((place, i) => [place, i]));
  /** @type {(key: string) => number} */
  const rank = (key) => order.get(places.get(key)) ?? 0;
  return [...places.keys()].sort((one, other) => rank(one) - rank(other) || parseInt(one) - parseInt(other));
};

/** The table of a figure.
 *  @type {(figure: Figure) => Table} */
export const columnsOf = (figure) => {
  const { data, layout } = figure;
  const sideways = data.some((trace) => trace.orientation === "h");
  const series = seriesOf(figure, sideways);
  const places = new Map();
  const columns = series.map(({ places: own, values }) => {
    const keys = keysOf(own);
    keys.forEach((key, i) => places.set(key, own[i]));
    return new Map(keys.map((key, i) => [key, values[i]]));
  });
  const all = sorted(places);
  const every = Math.ceil(all.length / MOST_ROWS) || 1;
  const chosen = all.filter((_, i) => i % every === 0);
  // A table of no series has no rows.
  const names = series.length ? series.map(({ name }) => name) : [titleOf(layout.yaxis)];
  const along = titleOf(layout[sideways ? "yaxis" : "xaxis"]).replace(/ \(logarithmic\)$/, "");
  return {
    heads: [along, ...names],
    rows: chosen.map((key) => [places.get(key), ...columns.map((column) => column.get(key))].map(cell)),
    note: every > 1 ? `${chosen.length} of ${written(all.length, "count")} rows, evenly spaced; the JSON has them all.` : "",
  };
};

/** Write texts into the cells of a row, changing what differs.
 *  @type {(row: HTMLTableRowElement, texts: string[], make: (number: number) => HTMLElement) => void} */
const writeRow = (row, texts, make) => {
  while (row.cells.length > texts.length) row.lastElementChild?.remove();
  while (row.cells.length < texts.length) row.append(make(row.cells.length));
  texts.forEach((text, i) => {
    if (row.cells[i].textContent !== text) row.cells[i].textContent = text;
  });
};

/** @type {() => HTMLElement} */
const newHead = () => element("th", "", { scope: "col" });
/** @type {(number: number) => HTMLElement} */
const newCell = (number) => (number ? element("td") : element("th", "", { scope: "row" }));

/** Write the data of a figure into its table, changing what differs.
 *  @type {(table: any, figure: Figure) => void} */
export const fillTable = (table, figure) => {
  const { heads, rows, note } = columnsOf(figure);
  const [body] = table.tBodies;
  writeRow(table.tHead.rows[0], heads, newHead);
  while (body.rows.length > rows.length) body.lastElementChild.remove();
  while (body.rows.length < rows.length) body.append(element("tr"));
  // A live list of rows is slow to index.
  const lines = [...body.rows];
  rows.forEach((texts, i) => writeRow(lines[i], texts, newCell));
  if (note) table.createCaption().textContent = note;
  else table.deleteCaption();
};
