// The arrow keys up and down on the scrub go from loss to loss.

/** @type {WidgetModule} */
export default {
  start(widget) {
    const choice = widget.form.elements.loss_type;
    widget.querySelector("[data-at-range]").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by || widget.holds("loss_type")) return;
      event.preventDefault();
      const { length } = choice.options;
      choice.selectedIndex = (choice.selectedIndex + by + length) % length;
      choice.dispatchEvent(new Event("input", { bubbles: true }));
    });
  },
};
