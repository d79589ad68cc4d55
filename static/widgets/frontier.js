// Strength means something different for each method: choosing one sets a suitable strength.

/** @type {Record<string, number>} */
const SUITS = { preferred_ft: 100, unlikelihood: 0.3, best_of_n: 16 };

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.querySelector("[data-add]").addEventListener("click", () => {
      if (widget.form.elements.method.value === "none") {
        widget.fail("Choose a method to train.");
        widget.form.elements.method.focus();
        return;
      }
      widget.announce("Training your own run.");
      widget.refresh();
    });
  },

  // A run takes seconds, so only the button, Enter, or a change of what the study shows starts one.
  changed(widget, control) {
    if (control.name === "method") widget.setParam("strength", SUITS[control.value] ?? 0.3);
    widget.followUrl();
    return ["prompt", "reward_model"].includes(control.name) || control.value === "none";
  },

  draw(widget, result) {
    for (const part of widget.querySelectorAll("[data-own]")) part.hidden = result.own === null;
  },
};
