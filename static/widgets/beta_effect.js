// Moves the dots to the cells of the result; a sweep requests one result after the other.
import { drawn } from "../dom.js";

const SWEEP_BETAS = Array.from({ length: 25 }, (_, i) => Number((10 * 0.002 ** (i / 24)).toPrecision(2)));

/** @type {(circles: NodeListOf<Element>, cells: string[][]) => void} */
const place = (circles, cells) => {
  circles.forEach((circle, k) => {
    const [column, row] = cells[k];
    circle.setAttribute("cx", column);
    circle.setAttribute("cy", row);
  });
};

/** @type {(widget: Widget, result: Result) => void} */
const drawDots = (widget, { dots, dots_axis }) => {
  const picture = widget.querySelector(".dots");
  place(picture.querySelectorAll(".optimum"), dots.map((/** @type {any} */ dot) => [dot.column, dot.row]));
  place(picture.querySelectorAll(".reference"), dots.map((/** @type {any} */ dot) => [dot.reference_column, dot.reference_row]));
  picture
    .querySelector("[data-ticks]")
    .replaceChildren(...dots_axis.ticks.map((/** @type {any} */ { at, text }) => drawn("text", text, { x: `${100 * at}%`, y: "50%" })));
  picture.setAttribute("aria-label", `${picture.dataset.label}. ${widget.querySelector("[data-says]").textContent}`);
};

// With reduced motion, dots do not travel, so there is nothing to wait for.
/** @type {(widget: Widget) => Promise<any>} */
const arrived = (widget) =>
  Promise.allSettled(
    widget
      .querySelector(".dots")
      .getAnimations({ subtree: true })
      .map((/** @type {Animation} */ motion) => motion.finished),
  );

/** @type {(widget: Widget) => void} */
const stop = (widget) => {
  const sweep = widget.state;
  if (!sweep) return;
  widget.state = null;
  widget.quiet = false;
  sweep.button.textContent = sweep.label;
};

// Every step of the sweep is a result from the server; positions in between are not computed.
/** @type {(widget: Widget, button: HTMLElement) => Promise<void>} */
const run = async (widget, button) => {
  const mine = { button, label: button.textContent };
  widget.state = mine;
  button.textContent = button.dataset.stop ?? "";
  widget.quiet = true;
  for (const beta of SWEEP_BETAS) {
    const before = widget.result;
    widget.setParam("beta", beta);
    await widget.refresh();
    if (widget.state !== mine) return;
    if (widget.result === before) break; // the request failed, and the widget says so
    await arrived(widget);
    if (widget.state !== mine) return;
  }
  stop(widget);
  widget.announce(widget.result.finding);
};

/** @type {WidgetModule} */
export default {
  start(widget) {
    const button = widget.querySelector("[data-sweep]");
    button.addEventListener("click", () => {
      if (widget.state) {
        stop(widget);
        widget.announce(widget.result.finding);
      } else run(widget, button);
    });
  },

  // Using a control or a suggestion ends the sweep.
  changed: stop,

  submit(widget) {
    stop(widget);
    widget.refresh();
  },

  draw: drawDots,

  pause: stop,

  stop,
};
