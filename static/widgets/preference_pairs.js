// The two answers, and links to other pairs. Before the reader has chosen, nothing shows which one the coin chose.
import { stateLinks } from "../links.js";

const links = stateLinks("pair", (widget, kind) => {
  const { pairs, next_surprise } = widget.result;
  if (kind === "surprise") return next_surprise;
  // From the controls, not from the result, so that a quick second click need not wait for the first response.
  const here = Number(widget.params().get("pair") ?? widget.defaultOf("pair"));
  const step = kind === "next" ? 1 : -1;
  return ((here - 1 + step + pairs) % pairs) + 1;
});

/** @type {(widget: Widget) => void} */
const show = (widget) => {
  const { asking } = /** @type {any} */ (widget.figure);
  const { first } = widget.result;
  for (const answer of widget.querySelectorAll("[data-answer-of]")) {
    const letter = answer.dataset.answerOf;
    const side = (letter === "a") === (first === "chosen") ? "chosen" : "rejected";
    answer.className = `answer${asking ? "" : ` is-${side}`}`;
    const label = { chosen: ", chosen by the coin", rejected: ", rejected" }[side];
    answer.querySelector("[data-label]").textContent = asking ? "" : label;
    if (asking) {
      answer.dataset.guess = letter;
      answer.setAttribute("role", "button");
    } else for (const name of ["data-guess", "role", "href"]) answer.removeAttribute(name);
    answer.querySelectorAll(".slot").forEach((/** @type {any} */ slot, /** @type {number} */ i) => {
      slot.textContent = widget.result[side].phrases[i].text;
    });
  }
  for (const choice of widget.querySelectorAll("[data-guess]")) {
    const query = new URLSearchParams(widget.hereQuery());
    query.set(`${widget.name}.guess`, choice.dataset.guess);
    choice.setAttribute("href", `?${query}`);
  }
  widget.querySelector("[data-told]").hidden = asking;
  widget.querySelector("[data-untold]").hidden = !asking;
};

/** @type {WidgetModule} */
export default {
  start(widget) {
    // Another pair is asked about anew; before the links move on.
    for (const link of widget.querySelectorAll("[data-go]")) {
      link.addEventListener("click", (/** @type {MouseEvent} */ event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) widget.figure?.ask();
      });
    }
    links.start(widget);
    widget.addEventListener("click", (/** @type {any} */ event) => {
      if (event.target.closest("[data-guess]")) show(widget);
    });
    matchMedia("print").addEventListener("change", () => show(widget));
  },

  changed(widget) {
    widget.figure?.ask();
  },

  draw(widget) {
    links.point(widget);
    show(widget);
  },
};
