// Rebuilds tables and notes for another benchmark, as the server renders them.
import { element, parent, tableRow } from "../dom.js";

/** @type {(table: { title: string, folded: boolean, columns: string[], rows: string[][] }) => HTMLElement} */
const tableOf = ({ title, folded, columns, rows }) => {
  const head = parent("thead", [parent("tr", columns.map((name) => element("th", name, { scope: "col" })))]);
  const table = parent("table", [head, parent("tbody", rows.map(tableRow))]);
  const region = parent("div", [table], { class: "table-scroll", tabindex: "0", role: "region", "aria-label": title });
  const details = parent("details", [element("summary", title), region], { class: "data" });
  details.open = !folded;
  return details;
};

/** @type {(widget: Widget, name: string, shown: boolean) => void} */
const showPart = (widget, name, shown) => {
  for (const part of widget.querySelectorAll(`[data-part="${name}"]`)) part.hidden = !shown;
};

/** @type {WidgetModule} */
export default {
  draw(widget, result) {
    const source = widget.querySelector("[data-source]");
    source.hash = `ref-${result.source.reference}`;
    source.textContent = result.source.short;
    widget.querySelector("[data-tables]").replaceChildren(...result.tables.map(tableOf));
    widget.querySelector("[data-notes]").replaceChildren(...result.notes.map((/** @type {string} */ note) => element("li", note)));
    showPart(widget, "comparison", result.comparison !== null);
    showPart(widget, "percentages", result.frontier.length === 0);
    showPart(widget, "over_temperature", result.over_temperature.data.length > 0);
  },
};
