// The slider only fades from one side to the other; prompt and seed train again.

/** @type {(widget: Widget) => void} */
const shift = (widget) => {
  const view = Number(widget.form.elements.view.value);
  const pipelines = widget.querySelector(".pipelines");
  pipelines.dataset.view = String(view);
  // Each side keeps part of its weight, so that both stay readable.
  pipelines.style.setProperty("--rlhf-weight", String(Math.min(1, (100 - view) / 50)));
  pipelines.style.setProperty("--dpo-weight", String(Math.min(1, view / 50)));
};

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.querySelector("[data-new-seed]").addEventListener("click", () => {
      widget.newSeed();
      widget.announce("Training both pipelines.");
      widget.refresh();
    });
  },

  changed(widget, control) {
    if (control.name !== "view" && control.dataset.rangeFor !== "view") return true;
    shift(widget);
    widget.followUrl();
    return false;
  },

  draw: shift,
};
