// In a worker of the page: computes what a widget asks for, and posts it as the server sends it, event by event.
import { fastest } from "./arithmetic.js";
import { openLab, the_lab } from "./named/trained.js";
import { apply, plain } from "./python.js";

/** @typedef {{ Params: any, compute: (params: any) => any, stage: (params: any, result: any) => any, LEAVE_OUT?: string[], stream?: (params: any) => Iterable<[string, any]> }} Widget
 *  compiled from app/widgets and app/stages */

/** Results that are kept: going back and forth between settings trains nothing anew. */
const KEPT = 24;

/** A Plotly figure. @param {any} value */
const isFigure = (value) => value !== null && typeof value === "object" && "data" in value && "layout" in value;

/** A result as pages have it: with its stage and its figures, without other fields that no page shows.
 *  @param {Widget} widget @param {any} params */
export const pageValues = (widget, params) => {
  const result = widget.compute(params);
  const shown = Object.entries(plain(result)).filter(([name, value]) => isFigure(value) || !widget.LEAVE_OUT?.includes(name));
  return { ...Object.fromEntries(shown), scene: plain(widget.stage(params, result).json) };
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
 *  and with ``made`` for these only if that takes no training; {id} alone is asked no longer.
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
    const asked = JSON.stringify(given);
    try {
      if (!known.has(asked)) {
        if (made && widget.stream) {
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
      const refused = error instanceof Error && error.name === "ValueError";
      const detail = refused ? error.message : `This could not be computed here: ${error}`;
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
