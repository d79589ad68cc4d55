// Rebuilds the quantities and hyperparameters, which differ between stages; the rest are bound outputs.
import { element, parent } from "../dom.js";

/** @type {(entry: { name: string, shown: string }) => HTMLElement} */
const entry = ({ name, shown }) => parent("div", [element("dt", name), element("dd", shown)]);

/** @type {(widget: Widget, list: string, entries: any[]) => void} */
const fillList = (widget, list, entries) =>
  widget.querySelector(`[data-list="${list}"]`).replaceChildren(...entries.map(entry));

/** @type {WidgetModule} */
export default {
  draw(widget, result) {
    result.networks.forEach((/** @type {any} */ network, /** @type {number} */ i) => {
      widget.querySelector(`[data-network="${i}"]`).dataset.state = network.state;
    });
    fillList(widget, "quantities", result.quantities);
    fillList(widget, "hyperparameters", result.hyperparameters);
  },
};
