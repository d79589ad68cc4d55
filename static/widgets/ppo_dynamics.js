// A run is streamed: each row is drawn as it arrives, and the full result is fetched at the end.

const state = new WeakMap();

const progress = (widget, done, total) => {
  const bar = widget.querySelector("[data-progress]");
  bar.max = total;
  bar.value = done;
  widget.querySelector("[data-progress-text]").textContent = `${done} of ${total} iterations`;
};

// The curves of the result's figure, holding the rows that have arrived.
const figureOf = (template, history, iterations) => {
  const columns = { "learned reward": "reward", "true quality": "true_quality", KL: "kl" };
  return {
    data: template.data.map((trace) => ({
      ...trace,
      x: history.map((row) => row.iteration),
      y: history.map((row) => row[columns[trace.name]]),
    })),
    // Names at other places than those of the whole run's curves.
    layout: { ...template.layout, meta: undefined, xaxis: { ...template.layout.xaxis, range: [0, iterations] } },
  };
};

const stop = (widget) => {
  state.get(widget)?.source?.close();
  cancelAnimationFrame(state.get(widget)?.frame ?? 0);
  state.delete(widget);
  widget.setBusy(false);
};

const drawHistory = (widget, history, iterations) => {
  const last = history.at(-1);
  widget.bind({ last });
  progress(widget, last.iteration, iterations);
  return widget.plot("figure", figureOf(widget.result.figure, history, iterations));
};

const run = (widget) => {
  stop(widget);
  if (!widget.form.reportValidity()) return;
  widget.followUrl();
  widget.clearError();
  widget.setBusy(true);
  const iterations = Number(widget.form.elements.iterations.value);
  const history = [];
  const source = new EventSource(widget.api("/stream"));
  const mine = { source, frame: 0 };
  state.set(widget, mine);
  progress(widget, 0, iterations);
  widget.announce(`Run started with seed ${widget.form.elements.seed.value}.`);

  source.addEventListener("step", (event) => {
    history.push(JSON.parse(event.data));
    mine.frame ||= requestAnimationFrame(() => {
      mine.frame = 0;
      drawHistory(widget, history, iterations);
    });
  });
  source.addEventListener("done", (event) => {
    stop(widget);
    widget.show(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    // EventSource would start the run again from the beginning.
    if (state.get(widget) !== mine) return;
    stop(widget);
    widget.fail("The run was cut off. Run it again: the same seed gives the same run.");
  });
};

export default {
  start(widget) {
    widget.querySelector("[data-run]").addEventListener("click", () => {
      widget.newSeed();
      run(widget);
    });
    widget.querySelector("[data-again]").addEventListener("click", () => run(widget));
    widget.querySelector("[data-reset]").addEventListener("click", () => {
      stop(widget);
      const start = widget.result.history[0];
      drawHistory(widget, [start], Number(widget.form.elements.iterations.value));
      widget.announce("Reset to the reference policy.");
    });
  },

  // A changed control makes no request: a run is started by its button, or by Enter.
  changed(widget) {
    widget.followUrl();
    return false;
  },

  submit: run,

  draw(widget, result) {
    const last = result.history.at(-1);
    progress(widget, last.iteration, last.iteration);
    widget.plot("figure", result.figure);
  },

  stop,
};
