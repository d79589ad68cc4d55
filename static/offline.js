// Replaces static/server.js in an offline copy: computes results on the reader's machine, or looks up those that were
// computed when the copy was made.
import { script } from "./offline_parts.js";
import { paramsOf } from "./own_machine.js";
import { machineOf } from "./own_run.js";

export { script };

const plans = window.dpoExported.widgets;

// ---- results that are stored -----------------------------------------------------------------

/** @type {(value: any, text: any) => boolean} */
const same = (value, text) => (typeof value === "number" ? Number(text) === value : String(value ?? "") === text);

/** Where the result of the controls' state is stored; null if it is not in the copy.
 *  @type {(widget: Widget) => { file: string, index: number } | null} */
const placeOf = (widget) => {
  const state = paramsOf(widget);
  for (const { axes, file, start } of plans[widget.name].tables) {
    let index = 0;
    for (const [name, axis] of Object.entries(axes)) {
      const at = axis.findIndex((/** @type {any} */ value) => same(value, state[name]));
      index = at < 0 ? NaN : index * axis.length + at;
    }
    if (index >= 0) return { file, index: start + index };
  }
  return null;
};

const files = new Map();

/** @type {(file: string) => Promise<any>} */
const results = async (file) => {
  await script(`data/${file}.js`);
  const packed = Uint8Array.from(atob(window.dpoExported.files[file]), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

/** @type {(found: { file: string, index: number }) => Promise<any>} */
const stored = async ({ file, index }) => {
  if (!files.has(file)) files.set(file, results(file));
  try {
    return (await files.get(file))[index];
  } catch (error) {
    files.delete(file); // so that the next call tries again
    throw error;
  }
};

/** @type {(ok: boolean, body: any) => any} */
const answer = (ok, body) => ({ ok, json: async () => body });

// ---- results that are computed here -----------------------------------------------------------

/** The result that each page came with, and its state.
 *  @type {WeakMap<Widget, { state: string, result: Result }>} */
const first = new WeakMap();

/** The events of the controls' state; see OwnMachine.
 *  @param {Widget} widget @param {AbortSignal} signal @param {boolean} made @returns {AsyncGenerator<RunEvent>} */
async function* computed(widget, signal, made = false) {
  const here = first.get(widget);
  if (here?.state === JSON.stringify(paramsOf(widget))) {
    yield ["done", here.result];
    return;
  }
  const machine = await machineOf(widget, { worker: widget.name });
  yield* machine.events(paramsOf(widget), signal, made);
}

/** The answer to the controls' state; 0 if it takes training and only what is made was asked for.
 *  @param {Widget} widget @param {AbortSignal} signal @param {boolean} made @returns {Promise<any>} */
const computedAnswer = async (widget, signal, made = false) => {
  for await (const [name, data] of computed(widget, signal, made)) {
    if (name === "unmade") return 0;
    if (name === "done" || name === "error") return answer(name === "done", data);
  }
  return answer(false, {}); // aborted, so nobody reads it
};

/** @type {(widget: Widget, signal: AbortSignal) => Promise<any>} */
export const ask = async (widget, signal) => {
  if (plans[widget.name].computed) return computedAnswer(widget, signal);
  const found = placeOf(widget);
  if (!found) return answer(false, { detail: `This state is not in this offline copy. ${plans[widget.name].says}` });
  return answer(true, await stored(found));
};

/** The result of a text of the reader's own.
 *  @type {(widget: Widget, own: Record<string, any>, signal: AbortSignal) => Promise<any>} */
export const askOwn = async (widget, own, signal) => {
  const machine = await machineOf(widget, { worker: widget.name });
  const [name, data] = (await machine.events(own, signal).next()).value ?? ["error", {}];
  return answer(name === "done", data);
};

/** Results have their figures, but the one that the page came with.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<any>} */
export const askFigures = (widget, signal) => {
  first.delete(widget);
  return ask(widget, signal);
};

/** @type {(widget: Widget, signal: AbortSignal) => Promise<any>} */
export const askMade = (widget, signal) => (plans[widget.name].computed ? computedAnswer(widget, signal, true) : ask(widget, signal));

/** A copy needs no ranges: its results are there at once. */
export const askRange = () => null;

/** The events of the training that the controls' state takes.
 *  @param {string} _address @param {Widget} widget @param {AbortSignal} signal @returns {AsyncGenerator<RunEvent>} */
export const stream = (_address, widget, signal) => computed(widget, signal);

// ---- addresses --------------------------------------------------------------------------------

/** Set a control to what an address says; what is wrong, if it has no such option.
 *  @type {(widget: Widget, name: string, value: string) => string} */
const setFrom = (widget, name, value) => {
  const control = /** @type {any} */ (widget.form.elements.namedItem(name));
  const options = [...(control.options ?? (control instanceof RadioNodeList ? control : []))].map((one) => one.value);
  if (options.length && !options.includes(value)) return `${name}: unknown choice “${value}”. Allowed: one of ${options.join(", ")}.`;
  widget.setParam(name, value);
  return "";
};

/** Show the state in an address, as a server does: `N.param` of the widget N wins over the bare name.
 *  @type {(widget: Widget, query: string) => void} */
const openAddress = (widget, query) => {
  const named = (/** @type {string} */ name) => widget.form.elements.namedItem(name);
  const wanted = new URLSearchParams(query);
  for (const [name, value] of [...wanted]) {
    const bare = name.startsWith(`${widget.name}.`) ? name.slice(widget.name.length + 1) : "";
    if (named(bare) && !named(name)) wanted.set(bare, value);
  }
  const own = [...wanted].filter(([name, value]) => value !== "" && named(name)); // an empty one is the default
  if (!own.length) return;
  const shared = widget.dataset.shared?.split(" ") ?? [];
  const fold = /** @type {HTMLDetailsElement | null} */ (widget.closest("details.fold"));
  if (fold && own.some(([name]) => name.includes(".") || !shared.includes(name) || query.includes(`${widget.name}.${name}=`))) fold.open = true;
  const wrong = own.map(([name, value]) => setFrom(widget, name, value)).filter(Boolean);
  if (wrong.length) widget.addEventListener("dpo-result", () => widget.fail(wrong.join(" ")), { once: true });
  // What takes training is begun when its figure is there to show it.
  if (plans[widget.name].computed) widget.drawn.then(() => widget.refresh());
  else widget.refresh();
};

customElements.whenDefined("dpo-widget").then(() => {
  const { search } = location; // each widget that opens rewrites it
  for (const widget of document.querySelectorAll("dpo-widget")) {
    if (!plans[widget.name]) continue; // all of the home page's figure is on its page
    first.set(widget, { state: JSON.stringify(paramsOf(widget)), result: widget.result });
    openAddress(widget, search);
  }
});
