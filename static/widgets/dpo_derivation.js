// All six equations are in the page; the step shows one. The arrow keys move between the steps
// because they are radio buttons.
import { stateLinks } from "../links.js";

const links = stateLinks("step", (widget, kind) => {
  const to = Number(widget.form.elements.step.value) + (kind === "next" ? 1 : -1);
  return to >= 1 && to <= widget.result.steps ? to : null;
});

/** @type {WidgetModule} */
export default {
  start: links.start,

  draw(widget, result) {
    for (const formula of widget.querySelectorAll("[data-step]")) {
      formula.hidden = Number(formula.dataset.step) !== result.step;
    }
    links.point(widget);
  },
};
