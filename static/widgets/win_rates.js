// Rebuilds tables and notes for another benchmark, as the server renders them.
import { element, parent, tableRow } from "../dom.js";

/** @type {(table: { title: string, columns: string[], rows: string[][] }) => HTMLElement} */
const tableOf = ({ title, columns, rows }) => {
  const head = parent("thead", [parent("tr", columns.map((name) => element("th", name, { scope: "col" })))]);
  const table = parent("table", [element("caption", title), head, parent("tbody", rows.map(tableRow))]);
  return parent("div", [table], { class: "table-scroll", tabindex: "0", role: "region", "aria-label": title });
};

/** @type {(widget: Widget, name: string, shown: boolean) => void} */
const showPart = (widget, name, shown) => {
  widget.querySelector(`[data-part="${name}"]`).hidden = !shown;
};

/** @type {WidgetModule} */
export default {
  // Every benchmark is a step.
  changed(widget, { name, value }) {
    const query = value === widget.defaultOf(name) ? "" : `${name}=${value}`;
    const step = name === "benchmark" && widget.querySelector(`[data-step][data-query="${query}"]`);
    step?.click?.();
    return !step;
  },

  draw(widget, result) {
    const source = widget.querySelector("[data-source]");
    source.hash = `ref-${result.source.reference}`;
    source.textContent = result.source.short;
    widget.querySelector("[data-tables]").replaceChildren(...result.tables.map(tableOf));
    widget.querySelector("[data-notes]").replaceChildren(...result.notes.map((/** @type {string} */ note) => element("li", note)));
    showPart(widget, "comparison", result.comparison !== null);
    showPart(widget, "percentages", result.frontier.length === 0);
    showPart(widget, "temperatures", result.scene.more.temperatures);
  },
};
