// Replaces static/server.js in an offline copy: computes results on the reader's machine, or looks up those that were
// computed when the copy was made. Of a widget that is looked up, a state that is not in the copy moves to the nearest one.
import { script } from "./offline_parts.js";
import { paramsOf } from "./own_machine.js";
import { machineOf } from "./own_run.js";

export { script };

const plans = window.dpoExported.widgets;

// ---- states -----------------------------------------------------------------------------------

/** @type {(about: any, text: any) => any} */
const valueOf = (about, text) => (about.kind === "number" ? Number(text) : String(text ?? ""));

/** The state of the controls, disabled ones included.
 *  @type {(widget: Widget) => Record<string, any>} */
const stateOf = (widget) =>
  Object.fromEntries(
    Object.entries(plans[widget.name].params).map(([name, about]) => [name, valueOf(about, widget.form.elements[name]?.value ?? about.default)]),
  );

/** @type {(about: any, value: number) => number} */
const place = (about, value) => (about.log ? Math.log(value) : value);

/** The distance of two values: at most 1 for numbers in a range, more for choices.
 *  @type {(about: any, one: any, other: any) => number} */
const apart = (about, one, other) => {
  if (one === other) return 0;
  if (about.kind === "text") return Infinity;
  if (about.kind === "choice") return 10;
  return Math.abs(place(about, one) - place(about, other)) / (place(about, about.high) - place(about, about.low));
};

/** @type {(about: any, values: any[], wanted: any) => any} */
const closest = (about, values, wanted) => {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    if (apart(about, values[i], wanted) < apart(about, values[best], wanted)) best = i;
  }
  return values[best];
};

/** The value of an axis closest to the wanted one; after a step so small that this would be the previous value, the
 *  next one: otherwise the arrow keys would be stuck. */
/** @type {(about: any, values: any[], wanted: any, before: any) => any} */
const settled = (about, values, wanted, before) => {
  const found = closest(about, values, wanted);
  if (about.kind !== "number" || before === undefined || found !== before || wanted === before) return found;
  const beyond = values.filter((value) => (wanted > before ? value > before : value < before));
  return beyond.length ? closest(about, beyond, before) : found;
};

/** The closest state in the copy; the control changed last weighs most. Null if there is none.
 *  @type {(plan: any, wanted: Record<string, any>, changed?: string, before?: any) => any} */
const nearest = (plan, wanted, changed = "", before = undefined) => {
  /** @type {any} */
  let best = null;
  for (const { axes, file, start } of plan.tables) {
    /** @type {Record<string, any>} */
    const values = {};
    let [distance, index] = [0, 0];
    for (const [name, axis] of Object.entries(axes)) {
      const about = plan.params[name];
      values[name] = settled(about, axis, wanted[name], name === changed ? before : undefined);
      distance += apart(about, values[name], wanted[name]) * (name === changed ? 100 : 1);
      index = index * axis.length + axis.indexOf(values[name]);
    }
    if (distance < (best?.distance ?? Infinity)) best = { distance, values, file, index: start + index };
  }
  return best;
};

// ---- results ----------------------------------------------------------------------------------

const files = new Map();

/** @type {(file: string) => Promise<any>} */
const entries = async (file) => {
  await script(`data/${file}.js`);
  const packed = Uint8Array.from(atob(window.dpoExported.files[file]), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

/** @type {(found: { file: string, index: number }) => Promise<any>} */
const entry = async ({ file, index }) => {
  if (!files.has(file)) files.set(file, entries(file));
  try {
    return (await files.get(file))[index];
  } catch (error) {
    files.delete(file); // so that the next call tries again
    throw error;
  }
};

/** @type {(ok: boolean, body: any) => any} */
const answer = (ok, body) => ({ ok, json: async () => body });

/** Set the controls to the state that is shown, except for a box that is being typed into.
 *  @type {(widget: Widget, values: Record<string, any>, typed?: Element | null) => void} */
const settle = (widget, values, typed = null) => {
  const before = stateOf(widget);
  for (const [name, value] of Object.entries(values)) {
    const control = widget.form.elements[name];
    if (before[name] !== value && (control !== typed || control.type !== "number")) widget.setParam(name, value);
  }
  widget.followUrl();
};

/** Say which numbers the copy has instead of the wanted ones, beside the result.
 *  @type {(widget: Widget, wanted: Record<string, any>, values: Record<string, any>) => void} */
const tellMoves = (widget, wanted, values) => {
  const moved = Object.keys(values).filter((name) => typeof values[name] === "number" && values[name] !== wanted[name]);
  if (!moved.length) return;
  const told = moved.map((name) => `${values[name]} in place of ${wanted[name]} (${nameOf(widget, name)})`);
  widget.addEventListener("dpo-result", () => widget.fail(`This copy shows ${told.join(" and ")}.`), { once: true });
};

/** @type {(widget: Widget, name: string) => string} */
const nameOf = (widget, name) => {
  const label = widget.form.elements[name].labels?.[0]?.firstChild?.textContent ?? name;
  return label.trim();
};

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
  const wanted = stateOf(widget);
  const found = nearest(plans[widget.name], wanted);
  if (!found) return answer(false, { detail: `That is not in this offline copy. ${plans[widget.name].says}` });
  tellMoves(widget, wanted, found.values);
  settle(widget, found.values, document.activeElement);
  const { result, refused } = await entry(found);
  return refused ? answer(false, { detail: refused }) : answer(true, result);
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

/** Another seed that the copy has for the state of the other controls; null if it computes them all.
 *  @type {(widget: Widget) => number | null} */
export const knownSeed = (widget) => {
  if (plans[widget.name].computed) return null;
  const state = stateOf(widget);
  /** @type {(axes: Record<string, any>) => boolean} */
  const fits = (axes) => Object.entries(axes).every(([name, axis]) => name === "seed" || axis.includes(state[name]));
  const all = plans[widget.name].tables.filter((/** @type {any} */ { axes }) => fits(axes)).flatMap((/** @type {any} */ { axes }) => axes.seed);
  const seeds = [...new Set(all)].sort((one, other) => one - other);
  return seeds.find((seed) => seed > state.seed) ?? seeds[0] ?? state.seed;
};

/** The events of the training that the controls' state takes.
 *  @param {string} _address @param {Widget} widget @param {AbortSignal} signal @returns {AsyncGenerator<RunEvent>} */
export const stream = (_address, widget, signal) => computed(widget, signal);

// ---- controls ---------------------------------------------------------------------------------

const states = new WeakMap();

/** @type {(widget: Widget, changed: string) => void} */
const moveToCopy = (widget, changed) => {
  if (plans[widget.name].computed) return;
  const found = nearest(plans[widget.name], stateOf(widget), changed, states.get(widget)[changed]);
  if (!found) return;
  settle(widget, found.values);
  states.set(widget, found.values);
};

/** @type {(control: any) => void} */
const disable = (control) => {
  control.disabled = true;
  control.title = "Needs a server";
};

/** Disable controls with a single value in the copy.
 *  @type {(widget: Widget) => void} */
const limit = (widget) => {
  const { params, tables, computed: all } = plans[widget.name];
  for (const [name, about] of all ? [] : Object.entries(params)) {
    const controls = widget.querySelectorAll(`[name="${name}"], [data-range-for="${name}"]`);
    const values = new Set(tables.flatMap((/** @type {any} */ { axes }) => axes[name]));
    for (const control of controls) {
      if (control.type === "hidden") continue;
      if (values.size === 1) disable(control);
      else if (control.type === "range" && about.slider) Object.assign(control, about.slider);
      else if (control.type === "radio" && !values.has(control.value)) disable(control);
      for (const option of control.options ?? []) option.disabled = !values.has(option.value);
    }
    if (about.kind === "number" && controls.length) widget.setParam(name, widget.form.elements[name].value);
  }
};

/** Show the state in an address, as a server does: `N.param` of the widget N wins over the bare name.
 *  @type {(widget: Widget, query: string) => void} */
const openAddress = (widget, query) => {
  const wanted = new URLSearchParams(query);
  for (const [name, value] of [...wanted]) {
    const bare = name.startsWith(`${widget.name}.`) ? name.slice(widget.name.length + 1) : "";
    if (bare in plans[widget.name].params && !widget.form.elements[name]) wanted.set(bare, value);
  }
  const own = [...wanted].filter(([name]) => widget.form.elements[name]);
  if (!own.length) return;
  const shared = widget.dataset.shared?.split(" ") ?? [];
  const fold = /** @type {HTMLDetailsElement | null} */ (widget.closest("details.fold"));
  if (fold && own.some(([name]) => name.includes(".") || !shared.includes(name) || query.includes(`${widget.name}.${name}=`))) fold.open = true;
  for (const [name, value] of own) widget.setParam(name, value);
  // What takes training is begun when its figure is there to show it.
  if (plans[widget.name].computed) widget.drawn.then(() => widget.refresh());
  else widget.refresh();
};

/** @type {(target: any) => Widget | null} */
const widgetOf = (target) => target.closest?.("dpo-widget");

// On the document, to run after the widget's own listener on its form.
document.addEventListener("input", (/** @type {any} */ { target }) => {
  const widget = widgetOf(target);
  if (widget && target.dataset.rangeFor) moveToCopy(widget, target.dataset.rangeFor);
});

document.addEventListener("change", (/** @type {any} */ { target }) => {
  const widget = widgetOf(target);
  if (!widget || !(target.name in (plans[widget.name]?.params ?? {})) || plans[widget.name].computed) return;
  const answered = target.validity.valid; // else nothing has been looked up
  if (target.value === "") widget.setParam(target.name, states.get(widget)[target.name]);
  moveToCopy(widget, target.name);
  if (!answered) widget.refresh();
});

customElements.whenDefined("dpo-widget").then(() => {
  const { search } = location; // each widget that opens rewrites it
  for (const widget of document.querySelectorAll("dpo-widget")) {
    if (!plans[widget.name]) continue; // all of the home page's figure is on its page
    limit(widget);
    states.set(widget, stateOf(widget));
    first.set(widget, { state: JSON.stringify(paramsOf(widget)), result: widget.result });
    openAddress(widget, search);
  }
});
