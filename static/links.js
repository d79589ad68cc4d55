// Links to other states of a widget (data-go in its template). Without JavaScript they load a
// page; here they set a control and refresh in place, and their addresses follow the state.

/** Whether a click opens a new tab or window.
 *  @type {(event: MouseEvent) => boolean} */
export const opensElsewhere = ({ ctrlKey, metaKey, shiftKey }) => ctrlKey || metaKey || shiftKey;

/** The links that set the control `name`; `target(widget, kind)` is the value of one, null for none.
 *  @type {(name: string, target: (widget: Widget, kind: string) => any) => { start(widget: Widget): void; point(widget: Widget): void }} */
export const stateLinks = (name, target) => {
  /** @type {(widget: Widget) => NodeListOf<any>} */
  const links = (widget) => widget.querySelectorAll("[data-go]");

  /** @type {(widget: Widget) => void} */
  const point = (widget) => {
    for (const link of links(widget)) {
      const value = target(widget, link.dataset.go);
      if (value === null && link === document.activeElement) {
        // Keep the focus when the link that had it disappears.
        widget.form.querySelector(`[name="${name}"]:is(:checked, :not([type="radio"]))`).focus();
      }
      link.hidden = value === null || widget.holds(name);
      if (value === null) continue;
      const address = new URL(link.href);
      address.search = widget.hereQuery({ [name]: value });
      link.href = address.href;
    }
  };

  /** @type {(widget: Widget) => void} */
  const start = (widget) => {
    for (const link of links(widget)) {
      link.addEventListener("click", (/** @type {MouseEvent} */ event) => {
        if (opensElsewhere(event)) return;
        event.preventDefault();
        widget.setParam(name, target(widget, link.dataset.go));
        point(widget);
        widget.refresh();
      });
    }
  };

  return { start, point };
};
