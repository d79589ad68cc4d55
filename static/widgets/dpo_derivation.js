// All six equations are in the page; the step shows one. Previous and next are links without this
// script; the arrow keys move between the steps because they are radio buttons.

const here = (widget) => Number(widget.form.elements.step.value);

const go = (widget, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
  event.preventDefault();
  widget.form.elements.step.value = String(here(widget) + (event.currentTarget.dataset.go === "next" ? 1 : -1));
  mark(widget);
  widget.refresh();
};

const mark = (widget) => {
  const step = here(widget);
  for (const link of widget.querySelectorAll("[data-go]")) {
    const to = link.dataset.go === "next" ? step + 1 : step - 1;
    const hides = to < 1 || to > widget.result.steps;
    // Focus must not fall into the void with the link that had it.
    if (hides && link === document.activeElement) widget.form.querySelector("[name=step]:checked").focus();
    link.hidden = hides;
    const address = new URL(link.href);
    address.search = new URLSearchParams([...widget.params()].filter(([name]) => name !== "step")).toString();
    if (to !== 1) address.searchParams.set("step", to);
    link.href = address.href;
  }
};

export default {
  start(widget) {
    for (const link of widget.querySelectorAll("[data-go]")) link.addEventListener("click", (event) => go(widget, event));
  },

  draw(widget, result) {
    for (const formula of widget.querySelectorAll("[data-step]")) {
      formula.hidden = Number(formula.dataset.step) !== result.step;
    }
    mark(widget);
  },
};
