// Previous, next and next surprise are links, so that they work without this script; here they set
// the number of the pair and refresh in place. The numbers are bound; only links and chart are drawn.

const target = (widget, kind) => {
  const { pairs, next_surprise } = widget.result;
  if (kind === "surprise") return next_surprise;
  // From the box, not from the result: a quick second click must not wait for the first answer.
  const here = Number(widget.form.elements.pair.value);
  const step = kind === "next" ? 1 : -1;
  return ((here - 1 + step + pairs) % pairs) + 1;
};

const links = (widget) => widget.querySelectorAll("[data-go]");

const go = (widget, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
  event.preventDefault();
  widget.setParam("pair", target(widget, event.currentTarget.dataset.go));
  widget.refresh();
};

export default {
  start(widget) {
    for (const link of links(widget)) link.addEventListener("click", (event) => go(widget, event));
  },

  draw(widget, result) {
    for (const link of links(widget)) {
      const address = new URL(link.href);
      const state = widget.params();
      state.set("pair", target(widget, link.dataset.go));
      address.search = state.toString();
      link.href = address.href;
    }
    widget.plot("figure", result.figure);
  },
};
