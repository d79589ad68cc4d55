// The labels are the state: one letter per pair, in a hidden control of the form and so in the address. A step, which
// is a form of its own without JavaScript, changes them and refreshes.

// How each button changes the state. A choice is always about the pair that is shown.
/** @type {Record<string, (widget: Widget) => Result>} */
const STEPS = {
  a: ({ result }) => ({ labels: `${result.labels}a`, align: "no" }),
  b: ({ result }) => ({ labels: `${result.labels}b`, align: "no" }),
  undo: ({ form }) => ({ labels: form.elements.labels.value.slice(0, -1), align: "no" }),
  restart: () => ({ labels: "", align: "no" }),
  align: () => ({ align: "yes" }),
};

/** @type {(widget: Widget, changes: Result) => void} */
const set = (widget, changes) => {
  for (const [name, value] of Object.entries(changes)) widget.setParam(name, value);
};

/** @type {(widget: Widget, step: string) => void} */
const take = (widget, step) => {
  set(widget, STEPS[step](widget));
  widget.state.taken = true;
  widget.refresh();
};

/** @type {(widget: Widget, step: string) => any} */
const stepButton = (widget, step) => widget.querySelector(`[data-step="${step}"] button`);

/** @type {(widget: Widget, result: Result) => void} */
const show = (widget, result) => {
  const { labelled, least, next_pair, aligned } = result;
  /** @type {(selector: string, hidden: boolean) => void} */
  const hide = (selector, hidden) => {
    widget.querySelector(selector).hidden = hidden;
  };
  widget.querySelector("progress").value = labelled;
  hide("[data-choices]", next_pair === null);
  hide("[data-prediction]", next_pair === null);
  hide("[data-aligned]", aligned === null);
  for (const part of ['[data-step="undo"]', '[data-step="restart"]', "[data-download]"]) hide(part, labelled === 0);
  stepButton(widget, "align").disabled = labelled < least;
};

/** @type {(element: any) => boolean} */
const offered = (element) => element.checkVisibility() && !element.disabled;

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.state = { taken: false, kept: new Map() };
    const { labels, align } = widget.form.elements;
    labels.disabled = false;
    align.disabled = false;
    for (const form of widget.querySelectorAll("[data-step]")) {
      const { step } = form.dataset;
      form.querySelector("button").addEventListener("click", (/** @type {MouseEvent} */ event) => {
        event.preventDefault();
        // The second click of a double click would label a pair that has not been read.
        if (step.length === 1 && event.detail > 1) return;
        take(widget, step);
      });
    }
    // A suggestion may have been chosen before this script was loaded.
    if (labels.value !== widget.result.labels) widget.refresh();
  },

  // Other pairs have other labels; restore those of the selected pairs.
  changed(widget, { name }) {
    if (name !== "prompt" && name !== "sampling_seed") return;
    const { kept } = widget.state;
    const { prompt_id, sampling_seed, labels } = widget.result;
    const { elements } = widget.form;
    kept.set(`${prompt_id}/${sampling_seed}`, labels);
    set(widget, { labels: kept.get(`${elements.prompt.value}/${Number(elements.sampling_seed.value)}`) ?? "", align: "no" });
  },

  draw(widget, result) {
    const focused = widget.contains(document.activeElement) ? document.activeElement : null;
    show(widget, result);
    // Keep the focus when the button that had it disappears.
    if (focused && !offered(focused)) ["a", "align"].map((step) => stepButton(widget, step)).find(offered)?.focus();

    const query = widget.params({ align: "no" }).toString();
    widget.querySelector("[data-download]").href = `${widget.dataset.api}/labels.jsonl?${query}`;

    if (widget.state.taken && result.next_pair && !result.aligned) {
      const { number, first, second } = result.next_pair;
      const pair = `Pair ${number}. First response: ${first} Second response: ${second}`;
      // Replaces the finding, which show() announces after drawing.
      queueMicrotask(() => widget.announce(`${result.finding} ${pair}`));
    }
    widget.state.taken = false;
  },
};
