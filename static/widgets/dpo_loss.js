// Shows the settings that the chosen loss reads, and keeps label smoothing within what it allows.

import { suitSmoothing } from "../smoothing.js";

/** @type {WidgetModule} */
export default {
  changed(widget, control) {
    if (control.name === "loss_type") suitSmoothing(widget, control.value);
    return true;
  },

  draw(widget, result) {
    /** @type {Record<string, boolean>} */
    const needed = {
      label_smoothing: result.reads.label_smoothing,
      lengths: result.reads.lengths,
      logps: !result.reads.reference,
    };
    for (const group of widget.querySelectorAll("[data-reads]")) group.hidden = !needed[group.dataset.reads];
    // A larger beta brings the lowest point to the left: arrow keys move it as it is seen.
    widget.querySelector('[data-range-for="beta"]').dir = result.scene.more.falls ? "rtl" : "ltr";
  },
};
