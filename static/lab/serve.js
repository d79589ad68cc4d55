// In a worker of the page: computes what a widget asks for, and posts it as the server sends it, event by event.
import { fastest } from "./arithmetic.js";
import { openLab, the_lab } from "./named/trained.js";
import { ValueError, apply, caught, plain } from "./python.js";
import { asItStood, begun, shown } from "./python/characters.js";

/** @typedef {{ Params: any, compute: (params: any) => any, stage: (params: any, result: any) => any, LEAVE_OUT?: any, stream?: (params: any) => Iterable<[string, any]>, Own?: any, compute_own?: (own: any) => any }} Widget
 *  compiled from app/widgets and app/stages; some compute from a text of the reader's own, too */

/** Results that are kept: going back and forth between settings trains nothing anew. */
const KEPT = 24;

/** A Plotly figure. @param {any} value */
const isFigure = (value) => value !== null && typeof value === "object" && "data" in value && "layout" in value;

/** A value without some of its fields, figures kept: these are a list of names, or a map of what is left out of each field,
 *  true for all of it; of a list it is under __all__. @type {(value: any, left: any) => any} */
const without = (value, left) => {
  const out = left instanceof Map ? left : new Map([...left].map((name) => [name, true]));
  if (out.has("__all__")) return value.map((/** @type {any} */ one) => without(one, out.get("__all__")));
  const kept = Object.entries(value).filter(([name, one]) => out.get(name) !== true || isFigure(one));
  return Object.fromEntries(kept.map(([name, one]) => [name, out.has(name) && !isFigure(one) ? without(one, out.get(name)) : one]));
};

/** A result as pages have it: with its stage and its figures, without other fields that no page shows.
 *  @param {Widget} widget @param {any} params */
export const pageValues = (widget, params, result = widget.compute(params)) => {
  return { ...without(plain(result), widget.LEAVE_OUT ?? []), scene: plain(widget.stage(params, result).json) };
};

/** The same of a text of the reader's own. @param {Widget} widget @param {Record<string, any>} given */
export const ownValues = (widget, given) => {
  const own = apply(widget.Own, [], Object.entries({ ...given, text: begun(given.text) }));
  return asItStood(pageValues(widget, own, widget.compute_own?.(own)));
};

/** Lets messages that have come be read. @returns {Promise<void>} */
const turn = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Answer the messages of a page: {lab} opens the lab; {id, params, made} asks for the events of a state, whose last is "done",
 *  and with ``made`` for these only if they have been made; {id} alone is asked no longer. Of params with a text nothing is kept.
 *  @param {Widget} widget @param {BufferSource} kernels of the lab, compiled */
export const serve = (widget, kernels) => {
  /** @type {Map<string, any>} */
  const known = new Map();
  const dropped = new Set();
  /** @type {Promise<void>} */
  let before = Promise.resolve();

  /** @param {number} id @param {Record<string, any>} given @param {boolean} made */
  const answer = async (id, given, made) => {
    await turn();
    if (dropped.delete(id)) return;
    try {
      if ("text" in given) {
        postMessage({ id, event: ["done", ownValues(widget, given)] });
        return;
      }
      const asked = JSON.stringify(given);
      if (!known.has(asked)) {
        if (made) {
          postMessage({ id, event: ["unmade", null] });
          return;
        }
        const params = apply(widget.Params, [], Object.entries(given));
        for (const [name, data] of widget.stream?.(params) ?? []) {
          postMessage({ id, event: [name, plain(data)] });
          await turn();
          if (dropped.delete(id)) return;
        }
        known.set(asked, pageValues(widget, params));
        if (known.size > KEPT) known.delete(known.keys().next().value ?? "");
      }
      postMessage({ id, event: ["done", known.get(asked)] });
    } catch (error) {
      const refused = caught(error, ValueError) && shown(/** @type {any} */ (error).args[0]);
      const detail = refused || `This could not be computed here: ${error}`;
      postMessage({ id, event: ["error", { detail }] });
    } finally {
      the_lab().forget();
    }
  };

  onmessage = ({ data: { lab, id, params, made } }) => {
    if (lab) openLab(lab, fastest(kernels));
    else if (params) before = before.then(() => answer(id, params, made));
    else dropped.add(id);
  };
};
