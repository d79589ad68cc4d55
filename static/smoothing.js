// Keeps label smoothing within what the chosen loss allows, for widgets that have both.

/** @type {Record<string, number>} */
const SMOOTHED = { sigmoid: 0, robust: 0, exo_pair: 0.001 };

/** After a change of the loss, move label smoothing into its range.
 *  @type {(widget: Widget, lossType: string) => void} */
export const suitSmoothing = (widget, lossType) => {
  const least = SMOOTHED[lossType];
  const smoothing = Number(widget.form.elements.label_smoothing.value);
  if (least === undefined) widget.setParam("label_smoothing", 0);
  else if (smoothing < least) widget.setParam("label_smoothing", least);
};
