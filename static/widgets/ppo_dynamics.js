// The run is streamed: each row is drawn as it arrives, and the full result at the end.
import { streamed } from "../live_run.js";

// The result's figure with only the rows that have arrived.
/** @type {(template: Figure, history: Row[], iterations: number) => Figure} */
const figureOf = (template, history, iterations) => {
  /** @type {Record<string, string>} */
  const columns = { "learned reward": "reward", "true quality": "true_quality", KL: "kl" };
  return {
    data: template.data.map((trace) => ({
      ...trace,
      x: history.map((row) => row.iteration),
      y: history.map((row) => row[columns[trace.name]]),
    })),
    // Labels belong elsewhere than on the curves of the whole run.
    layout: { ...template.layout, meta: undefined, xaxis: { ...template.layout.xaxis, range: [0, iterations] } },
  };
};

/** @type {(widget: Widget) => number} */
const iterationsOf = (widget) => Number(widget.form.elements.iterations.value);

/** @type {(widget: Widget, history: Row[]) => Promise<void>} */
const drawHistory = (widget, history) => {
  widget.bind({ last: history.at(-1) });
  return widget.plot("figure", figureOf(widget.result.figure, history, iterationsOf(widget)));
};

export default streamed((widget, run) => {
  widget.querySelector("[data-reset]").addEventListener("click", () => {
    run.reset();
    drawHistory(widget, [widget.result.history[0]]);
    widget.announce("Reset to the reference policy.");
  });
  return {
    unit: "iterations",
    total: () => iterationsOf(widget),
    done: (rows) => rows.at(-1)?.iteration ?? 0,
    drawn: (rows) => drawHistory(widget, rows),
  };
});
