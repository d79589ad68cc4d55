// The equations are in the page; a step shows one. A part under the pointer lights its arrows.

/** @type {(widget: Widget, part: string) => void} */
const light = (widget, part) => {
  for (const drawn of widget.querySelectorAll(".plot [class*='of-']")) {
    drawn.classList.toggle("unlit", Boolean(part) && !drawn.classList.contains(`of-${part}`));
  }
};

/** @type {(widget: Widget) => any} */
const toggle = (widget) => widget.querySelector("[data-drop]");

/** @type {WidgetModule} */
export default {
  start(widget) {
    const { elements } = widget.form;
    for (const piece of widget.querySelectorAll("[data-part]")) {
      piece.addEventListener("pointerenter", () => light(widget, piece.dataset.part));
      piece.addEventListener("pointerleave", () => light(widget, ""));
    }
    toggle(widget)?.addEventListener("click", () => {
      widget.setParam("mistake", elements.mistake.value === "no_partition" ? "none" : "no_partition");
      widget.refresh();
    });
    // Of themselves the arrow keys lead from the last radio button to the first.
    widget.querySelector(".stops").addEventListener("keydown", (/** @type {any} */ event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[/** @type {string} */ (event.key)];
      const to = Number(event.target.value) + (by ?? 0);
      if (by && (to < 1 || to > elements.step.length)) event.preventDefault();
    });
  },

  draw(widget, result) {
    for (const equation of widget.querySelectorAll("[data-equation]")) {
      equation.hidden = Number(equation.dataset.equation) !== result.step;
    }
    const { mistake } = widget.form.elements;
    widget.querySelector("[data-equations]").dataset.mistake = mistake.value;
    toggle(widget)?.setAttribute("aria-pressed", String(mistake.value === "no_partition"));
    const say = widget.querySelector("[data-say]");
    if (say) say.innerHTML = result.scene.more.say;
  },
};
