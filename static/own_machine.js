// The lab on the reader's own machine: a worker that computes what one widget asks for (static/lab/serve.js).

/** A worker of some code: from a blob, as pages on disk may load none. @param {string} code */
export const workerOf = (code) => new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));

/** What the valid controls say, and invalid ones last said, as texts, defaults included.
 *  @type {(widget: Widget) => Record<string, any>} */
export const paramsOf = (widget) => {
  const given = widget.params();
  const controls = [...widget.form.elements].filter(({ name, dataset }) => name && !name.includes(".") && dataset.private === undefined);
  const names = new Set(controls.map(({ name }) => name));
  const known = [...names].filter((name) => widget.defaultOf(name) !== undefined);
  return Object.fromEntries(known.map((name) => [name, given.get(name) ?? widget.defaultOf(name)]));
};

/** @typedef {(event: RunEvent) => void} Listener */

export class OwnMachine {
  #worker;
  #asked = 0;
  /** @type {Map<number, Listener>} */
  #listeners = new Map();

  /** @param {string} code of the worker @param {any} lab its data */
  constructor(code, lab) {
    this.#worker = workerOf(code);
    this.#worker.onmessage = ({ data: { id, event } }) => this.#listeners.get(id)?.(event);
    this.#worker.onerror = ({ message }) => {
      for (const listener of this.#listeners.values()) listener(["error", { detail: `This could not be computed here: ${message}` }]);
    };
    this.#worker.postMessage({ lab });
  }

  /** Ends the worker; nothing may be asked of it anymore. */
  close() {
    this.#worker.terminate();
  }

  /** The events of a state, as the server streams them: "step" and the like while it trains, at last "done" with the result, or
   *  "error" with a problem. With ``made`` "unmade" alone, if the result has not been made.
   *  @param {Record<string, any>} params @param {AbortSignal} signal @returns {AsyncGenerator<RunEvent>} */
  async *events(params, signal, made = false) {
    const id = (this.#asked += 1);
    /** @type {RunEvent[]} */
    const come = [];
    let wake = () => {};
    this.#listeners.set(id, (event) => {
      come.push(event);
      wake();
    });
    const drop = () => {
      this.#worker.postMessage({ id });
      wake();
    };
    signal.addEventListener("abort", drop, { once: true });
    this.#worker.postMessage({ id, params, made });
    try {
      while (!signal.aborted) {
        if (!come.length) await new Promise((resolve) => (wake = () => resolve(null)));
        for (const event of come.splice(0)) {
          yield event;
          if (["done", "error", "unmade"].includes(event[0])) return;
        }
      }
    } finally {
      signal.removeEventListener("abort", drop);
      this.#listeners.delete(id);
    }
  }
}
