// Controls that the chosen loss does not read are put away; label smoothing follows what it allows.

const SMOOTHED = { sigmoid: 0, robust: 0, exo_pair: 0.001 };

export default {
  changed(widget, control) {
    if (control.name !== "loss_type") return true;
    const least = SMOOTHED[control.value];
    const smoothing = Number(widget.form.elements.label_smoothing.value);
    if (least === undefined) widget.setParam("label_smoothing", 0);
    else if (smoothing < least) widget.setParam("label_smoothing", least);
    return true;
  },

  draw(widget, result) {
    const needed = {
      label_smoothing: result.reads.label_smoothing,
      lengths: result.reads.lengths,
      logps: !result.reads.reference,
    };
    for (const group of widget.querySelectorAll("[data-reads]")) group.hidden = !needed[group.dataset.reads];
    widget.plot("figure", result.figure);
  },
};
