// Updates the links; numbers are bound outputs.
import { stateLinks } from "../links.js";

const links = stateLinks("pair", (widget, kind) => {
  const { pairs, next_surprise } = widget.result;
  if (kind === "surprise") return next_surprise;
  // From the box, not from the result, so that a quick second click need not wait for the first response.
  const here = Number(widget.form.elements.pair.value);
  const step = kind === "next" ? 1 : -1;
  return ((here - 1 + step + pairs) % pairs) + 1;
});

/** @type {WidgetModule} */
export default {
  start: links.start,
  draw: links.point,
};
