// A stage has its own quantities and hyperparameters: those are drawn anew. The rest is bound.
import { element, parent } from "../dom.js";

const entry = ({ name, shown }) => parent("div", [element("dt", name), element("dd", shown)]);

const fillList = (widget, list, entries) =>
  widget.querySelector(`[data-list="${list}"]`).replaceChildren(...entries.map(entry));

export default {
  draw(widget, result) {
    result.networks.forEach((network, i) => {
      widget.querySelector(`[data-network="${i}"]`).dataset.state = network.state;
    });
    fillList(widget, "quantities", result.quantities);
    fillList(widget, "hyperparameters", result.hyperparameters);
    widget.plot("figure", result.figure);
  },
};
