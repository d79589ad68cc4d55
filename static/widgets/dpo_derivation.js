// All six equations are in the page; a step shows one. The steps are radio buttons, so the arrow keys move between
// them.
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
