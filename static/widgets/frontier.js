// A run of the reader's own: another method gets a strength that suits it, a typed number waits until it is complete,
// and the new point is chosen.

/** @type {Record<string, number>} */
const SUITS = { preferred_ft: 100, unlikelihood: 0.3, best_of_n: 16 };

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.state = JSON.stringify(widget.result.own);
    widget.form.addEventListener("change", (/** @type {any} */ { target }) => {
      if (["strength", "seed"].includes(target.name) && widget.form.elements.method.value !== "none") widget.refresh();
    });
  },

  changed(widget, control) {
    if (control.name === "method") widget.setParam("strength", SUITS[control.value] ?? 0.3);
    return !["strength", "seed"].includes(control.name);
  },

  draw(widget, result) {
    const own = JSON.stringify(result.own);
    if (widget.state !== own && result.own) widget.figure?.goTo(result.scene.places - 1);
    widget.state = own;
    widget.followUrl();
  },
};
