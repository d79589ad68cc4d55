// All three stages are fetched when a hand or the focus comes, so that the handle goes from one to the next at once.
// Quantities and hyperparameters, which differ between stages, are listed anew; the rest are bound outputs.
import { element, parent } from "../dom.js";
import { ask } from "../server.js";

/** @type {(entry: { name: string, shown: string }) => HTMLElement} */
const entry = ({ name, shown }) => parent("div", [element("dt", name), element("dd", shown)]);

/** @type {(widget: Widget, list: string, entries: any[]) => void} */
const fillList = (widget, list, entries) =>
  widget.querySelector(`[data-list="${list}"]`).replaceChildren(...entries.map(entry));

/** Request the stages that are not yet here.
 *  @type {(widget: Widget) => Promise<void>} */
const prepare = async ({ state, dataset }) => {
  for (const stage of ["sft", "reward_model", "ppo"]) {
    if (!dataset.answer || state.has(stage)) continue;
    state.set(stage, null);
    const answer = await fetch(`${dataset.answer}?stage=${stage}`).catch(() => null);
    if (answer?.ok) state.set(stage, await answer.json());
    else state.delete(stage);
  }
};

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.state = new Map();
    for (const about of ["pointerover", "focusin"]) widget.addEventListener(about, () => prepare(widget), { once: true });
  },

  known(widget) {
    return widget.state.get(widget.form.elements.stage.value);
  },

  ask(widget, signal) {
    const known = this.known?.(widget);
    return known ? Promise.resolve(/** @type {any} */ ({ ok: true, json: async () => known })) : ask(widget, signal);
  },

  draw(widget, result) {
    result.networks.forEach((/** @type {any} */ network, /** @type {number} */ i) => {
      widget.querySelector(`[data-network="${i}"]`).dataset.state = network.state;
    });
    fillList(widget, "quantities", result.quantities);
    fillList(widget, "hyperparameters", result.hyperparameters);
  },
};
