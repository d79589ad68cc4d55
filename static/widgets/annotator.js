// The labels are the state: one letter per pair, in a hidden control of the form and so in the address. A deed, which is
// a link without JavaScript, changes them and refreshes.
import { opensElsewhere } from "../links.js";

// How each deed changes the state. A choice is always about the pair that is shown.
/** @type {Record<string, (widget: Widget) => Result>} */
const DEEDS = {
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

/** Whether a deed can be done now.
 *  @type {(widget: Widget, deed: string) => boolean} */
const possible = (widget, deed) => {
  const { labelled, least, next_pair, aligned } = widget.result;
  if (Object.keys(DEEDS[deed](widget)).some((name) => widget.holds(name))) return false;
  if (deed === "align") return labelled >= least && !aligned;
  if (deed === "undo") return labelled > 0;
  return deed === "restart" || (next_pair !== null && !aligned);
};

/** @type {(widget: Widget, answer: any, said: any) => void} */
const drawAnswer = (widget, answer, { who, role, phrases }) => {
  answer.className = `answer${role && ` of-${role}`}`;
  answer.querySelector("[data-who]").textContent = who;
  answer.querySelectorAll(".slot").forEach((/** @type {any} */ slot, /** @type {number} */ i) => {
    const [text, flatters] = phrases[i];
    slot.textContent = text;
    slot.classList.toggle("flat", Boolean(flatters));
  });
  if (answer.hasAttribute("href")) answer.setAttribute("role", "button");
  else answer.removeAttribute("role");
};

/** @type {(element: any) => boolean} */
const offered = (element) => element.checkVisibility() && (!element.dataset.do || element.hasAttribute("href"));

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.state = { taken: false, kept: new Map() };
    widget.addEventListener("click", (/** @type {any} */ event) => {
      const deed = event.target.closest("[data-do]")?.dataset.do;
      if (!deed || opensElsewhere(event)) return;
      event.preventDefault();
      // The second click of a double click would label a pair that has not been read.
      if (!possible(widget, deed) || (deed.length === 1 && event.detail > 1)) return;
      set(widget, DEEDS[deed](widget));
      widget.state.taken = true;
      widget.querySelector("[data-stale-note]").textContent = deed === "align" ? "Training" : "Computing";
      widget.refresh();
    });
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
    const { say, answers } = result.scene.more;
    const focused = widget.contains(document.activeElement) ? document.activeElement : null;
    const sentence = widget.querySelector("[data-say]");
    if (sentence) sentence.innerHTML = say;
    for (const link of widget.querySelectorAll("[data-do]")) {
      const can = possible(widget, link.dataset.do);
      if (can) link.setAttribute("href", widget.hereQuery(DEEDS[link.dataset.do](widget)) || location.pathname);
      else link.removeAttribute("href");
      if (can) link.removeAttribute("aria-disabled");
      else link.setAttribute("aria-disabled", "true");
    }
    widget.querySelector("[data-do=align]").hidden = result.aligned !== null || widget.holds("align");
    widget.querySelector("[data-do=restart]").hidden = result.aligned === null || widget.holds("labels");
    widget.querySelectorAll(".answer").forEach((/** @type {any} */ answer, /** @type {number} */ i) =>
      drawAnswer(widget, answer, answers[i]),
    );
    widget.querySelector("[data-prediction]").hidden = result.next_pair === null;
    widget.querySelector("[data-aligned]").hidden = result.aligned === null;
    const download = widget.querySelector("[data-download]");
    download.hidden = result.labelled === 0;
    const query = widget.params({ align: "no" }).toString();
    if (widget.dataset.api) download.href = `${widget.dataset.api}/labels.jsonl?${query}`;
    // Keep the focus when what had it can no longer be done.
    if (focused && !offered(focused)) {
      ["a", "align", "restart"].map((deed) => widget.querySelector(`[data-do=${deed}]`)).find(offered)?.focus();
    }

    if (widget.state.taken && result.next_pair && !result.aligned) {
      const { number, first, second } = result.next_pair;
      // Replaces the readout, which show() announces after drawing.
      const { words } = /** @type {any} */ (widget.figure);
      queueMicrotask(() => widget.announce(`${words} Pair ${number}. A: ${first} B: ${second}`));
    }
    widget.state.taken = false;
  },
};
