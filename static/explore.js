// What Details hold of a widget's figures: the tables of their data, and charts that Plotly draws when a reader asks for
// them, with hover, zoom, legend and pictures to save. What is open follows the state of the widget.
import { fillTable } from "./data_table.js";
import { element, parent } from "./dom.js";
import { color, font, plotly, styledTrace } from "./library.js";
import { askFigures } from "./server.js";

// Plotly takes longer than a frame, so that a drag is followed only when it rests.
const REST_MS = 120;
const SLOW_MS = 4000;
const NARROW = 480; // pixels
const CONFIG = {
  displayModeBar: true,
  displaylogo: false,
  responsive: true,
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
};

// ---- following ------------------------------------------------------------------------------------

/** The last update of each widget that is followed.
 *  @type {Map<Widget, AbortController>} */
const updates = new Map();

/** Keep the open tables and charts of a widget with its state, from now on.
 *  @type {(widget: Widget) => void} */
export const follow = (widget) => {
  if (!updates.has(widget)) {
    for (const button of widget.querySelectorAll("[data-explore-open]")) nameOf(button);
    widget.addEventListener("dpo-result", () => update(widget, REST_MS));
    widget.addEventListener("toggle", () => update(widget), true);
  }
  update(widget);
};

document.addEventListener("themechange", () => {
  for (const widget of updates.keys()) update(widget);
});

/** Show the present state in all that is open; a newer call ends an older one.
 *  @type {(widget: Widget, wait?: number) => Promise<void>} */
const update = async (widget, wait = 0) => {
  updates.get(widget)?.abort();
  const request = new AbortController();
  updates.set(widget, request);
  await new Promise((resolve) => setTimeout(resolve, wait));
  /** @type {(selector: string) => any[]} */
  const open = (selector) => [...widget.querySelectorAll(selector)].filter((place) => !place.closest("details:not([open])"));
  const tables = open("[data-table]");
  const explored = open("[data-explore]").flatMap((place) => charts.get(place) ?? []).filter((chart) => chart.visible);
  const paths = [...tables.map((table) => table.dataset.table), ...explored.map((chart) => chart.path)];
  if (request.signal.aborted || !paths.length) return;
  try {
    const result = await resultWith(paths, widget, request.signal);
    if (request.signal.aborted) return;
    for (const table of tables) fillTable(table, result[table.dataset.table]);
    await Promise.all(explored.map((chart) => chart.show(result[chart.path])));
  } catch (error) {
    if (request.signal.aborted) return;
    for (const chart of explored) chart.fail(error);
    if (!explored.length) widget.fail("The data of this state could not be fetched. Open Details again to try again.");
  }
};

/** The result that the widget shows; if that came without these figures, all of it.
 *  @type {(paths: string[], widget: Widget, signal: AbortSignal) => Promise<Result>} */
const resultWith = async (paths, widget, signal) => {
  if (paths.every((path) => widget.result[path])) return widget.result;
  const answer = await askFigures(widget, signal);
  const result = await answer.json();
  if (answer.ok && paths.every((path) => result[path])) return result;
  throw new Error(result.detail ?? "This copy does not have its data.");
};

// ---- charts ---------------------------------------------------------------------------------------

/** @type {WeakMap<Element, Chart>} */
const charts = new WeakMap();

/** Say which chart a button opens or closes.
 *  @type {(button: any) => void} */
const nameOf = (button) => {
  button.ariaLabel = `${button.textContent}: ${button.parentElement.dataset.label}`;
};

/** Open the chart beside a button, or close it.
 *  @type {(widget: Widget, button: HTMLElement) => void} */
export const explore = (widget, button) => {
  const place = button.closest("[data-explore]");
  const chart = charts.get(place);
  button.setAttribute("aria-expanded", String(!chart));
  button.textContent = chart ? "Explore this chart" : "Close this chart";
  nameOf(button);
  if (chart) {
    charts.delete(place);
    chart.close();
    return;
  }
  charts.set(place, new Chart(widget, place));
  follow(widget);
};

class Chart {
  #sizes;

  /** @param {Widget} widget @param {any} place */
  constructor(widget, { dataset, lastElementChild: box }) {
    this.widget = widget;
    this.path = dataset.explore;
    this.label = dataset.label;
    this.box = box;
    this.status = element("p", "Loading the chart …", { role: "status" });
    /** @type {any} */
    this.drawing = element("div", "", { class: "explore-chart", role: "group" });
    const saves = /** @type {const} */ (["png", "svg"]).map((format) => button(`Save as ${format.toUpperCase()}`, () => this.save(format)));
    this.saves = parent("p", saves, { hidden: "" });
    box.replaceChildren(this.status, this.drawing, this.saves);
    box.hidden = false;
    let before = true;
    // A figure may hide its chart in some states; then it is drawn when it can be seen again.
    this.#sizes = new ResizeObserver(() => {
      const { visible } = this;
      if (visible && !before) update(widget);
      before = visible;
    });
    this.#sizes.observe(this.drawing);
  }

  get visible() {
    return this.drawing.clientWidth > 0;
  }

  close() {
    this.#sizes.disconnect();
    if (this.drawing.on) window.Plotly.purge(this.drawing); // Plotly adds it
    this.box.hidden = true;
    this.box.replaceChildren();
  }

  /** Draw a figure.
   *  @param {Figure} figure */
  async show({ data, layout }) {
    const slow = setTimeout(() => this.say("Still loading: what draws it has 365 KB."), SLOW_MS);
    try {
      const Plotly = await plotly();
      if (!this.drawing.isConnected) return;
      const names = layout.showlegend === false ? [] : data.filter((trace) => trace.showlegend !== false);
      this.drawing.style.setProperty("--names", String(names.length));
      await Plotly.react(this.drawing, data.map(styledTrace), styledLayout(layout, this.drawing.clientWidth), CONFIG);
      this.drawing.setAttribute("aria-label", `${this.label}. ${this.widget.result.finding}`);
      this.saves.hidden = false;
      this.say(`Point or tap for numbers.${names.length ? " Press a name in the legend to hide its series." : ""}`);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Say why it is not drawn, and offer to try again.
   *  @param {any} error */
  fail(error) {
    const reason = error instanceof TypeError ? "The connection failed." : error.message;
    this.say(`The chart could not be drawn. ${reason} `);
    this.status.append(button("Try again", () => update(this.widget)));
  }

  /** @param {"png" | "svg"} format */
  async save(format) {
    const { clientWidth: width, clientHeight: height } = this.drawing;
    const scale = format === "png" ? 2 : 1;
    try {
      await window.Plotly.downloadImage(this.drawing, { format, width, height, scale, filename: this.name });
      this.say(`Saved as ${this.name}.${format}.`);
    } catch {
      this.say("The picture could not be saved.");
    }
  }

  /** A file name that says the state, such as dpo_loss-beta-0.5. */
  get name() {
    const path = this.path === "figure" ? [] : [this.path];
    const parts = [this.widget.name, ...path, ...[...this.widget.params()].flat()];
    return parts.join("-").replace(/[^\w.-]+/g, "_").slice(0, 100);
  }

  /** @param {string} text */
  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

/** @type {(name: string, press: () => void) => HTMLButtonElement} */
const button = (name, press) => {
  const made = element("button", name, { type: "button" });
  made.addEventListener("click", press);
  return made;
};

/** A text with line breaks, so that no line has more letters than this.
 *  @type {(text: string, most: number) => string} */
const inLines = (text, most) => text.replace(new RegExp(`(.{1,${most}})(\\s+|$)`, "g"), "$1<br>").replace(/<br>$/, "");

/** @type {(layout: Layout, width: number) => Layout} */
const styledLayout = (layout, width) => {
  const narrow = width <= NARROW;
  /** @type {Layout} */
  const styled = {
    ...layout,
    paper_bgcolor: color("--paper"),
    plot_bgcolor: color("--paper"),
    font: { family: font("--sans"), size: 13, color: color("--ink") },
    hoverlabel: { bgcolor: color("--raised"), bordercolor: color("--rule-strong"), font: { color: color("--ink") } },
    modebar: { bgcolor: "transparent", color: color("--muted"), activecolor: color("--ink") },
    margin: { l: 12, r: 16, t: 52, b: 12 },
    separators: ".,",
    hovermode: layout.hovermode ?? "closest",
    dragmode: matchMedia("(pointer: coarse)").matches ? "pan" : "zoom",
    // Below, unless there is room beside the axes.
    legend: { traceorder: "normal", ...(narrow || layout.yaxis2 ? { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" } : {}) },
    // What the reader has zoomed and hidden stays so in other states.
    uirevision: "kept",
  };
  delete styled.meta;
  for (const name of ["xaxis", "yaxis", "yaxis2"].filter((axis) => layout[axis])) {
    styled[name] = {
      gridcolor: color("--rule"),
      zerolinecolor: color("--rule-strong"),
      linecolor: color("--rule-strong"),
      automargin: true,
      separatethousands: true,
      exponentformat: "power",
      // Plotly would write 2 for 0.02.
      ...(layout[name].type === "log" ? { tickformat: "~g", nticks: narrow ? 4 : 0 } : {}),
      ...layout[name],
      title: { text: inLines(layout[name].title.text, Math.floor(width / 9)), font: { size: 14 } },
    };
  }
  // One zero line is enough.
  if (styled.yaxis2) styled.yaxis2.zeroline = false;
  return styled;
};
