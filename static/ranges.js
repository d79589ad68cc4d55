// The results at all positions of a slider: one request brings them when the slider is about to be used, and a
// drag reads from them. The server computes all of them.
import { askRange } from "./server.js";

// A range belongs to a state of the other controls. The least recently used is dropped first.
const KEPT = 8;

export class Ranges {
  #widget;
  #arrived;
  #along;
  /** @type {Map<string, { results?: Map<number, Result> }>} */
  #kept = new Map();

  /** `arrived(along)` is called when a new range has arrived.
   *  @param {Widget} widget @param {(along: string) => void} arrived */
  constructor(widget, arrived) {
    this.#widget = widget;
    this.#arrived = arrived;
    this.#along = new Set(widget.dataset.ranges?.split(" "));
    if (!this.#along.size) return;
    for (const about of ["pointerover", "pointerdown", "focusin"]) {
      widget.form.addEventListener(about, (/** @type {any} */ { target }) => this.#prepare(target));
    }
  }

  /** Request the ranges of all handles of a drawing.
   *  @param {{ params: string[] }[]} handles */
  prepareAll(handles) {
    for (const { params } of handles) this.#request(params.join("+"));
  }

  /** The result for the state of the controls, if a range along this parameter has it.
   *  @param {string} along */
  result(along) {
    const range = this.#kept.get(this.#query(along));
    return range?.results?.get(Number(this.#widget.form.elements[along.split("+")[0]].value)) ?? null;
  }

  /** Whether a range along this parameter has been requested for the state of the other controls.
   *  @param {string} along */
  awaited(along) {
    const range = this.#kept.get(this.#query(along));
    return range !== undefined && !range.results;
  }

  /** @param {Control} control */
  #prepare(control) {
    this.#request(control.dataset.rangeFor ?? control.name);
  }

  /** @param {string} along */
  #request(along) {
    if (!this.#along.has(along)) return;
    if (along.split("+").some((name) => this.#widget.holds(name))) return;
    const query = this.#query(along);
    const known = this.#kept.get(query);
    if (known) {
      this.#keep(query, known);
      return;
    }
    const answer = askRange(this.#widget, new URLSearchParams([["along", along], ...this.#asked(along)]).toString());
    if (answer) this.#ask(along, query, answer);
  }

  /** @param {string} along @param {string} query @param {Promise<any>} answer */
  async #ask(along, query, answer) {
    /** @type {{ results?: Map<number, Result> }} */
    const range = {};
    this.#keep(query, range);
    try {
      const { values, results } = await answer;
      for (let i = 1; i < results.length; i += 1) complete(results[i], results[i - 1]);
      /** @type {(value: number, place: number) => [number, Result]} */
      const placed = (value, place) => [value, results[place]];
      range.results = new Map(values.map(placed));
    } catch {
      // Not shown: a slider without a range requests each result.
      this.#kept.delete(query);
    }
    this.#arrived(along);
  }

  /** @param {string} query @param {object} range */
  #keep(query, range) {
    this.#kept.delete(query);
    this.#kept.set(query, range);
    for (const oldest of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(oldest);
  }

  // What to ask: of a single parameter the value does not matter; several move together from where they are.
  /** @param {string} along */
  #asked(along) {
    const params = this.#widget.params();
    if (!along.includes("+")) params.delete(along);
    return params;
  }

  // What a range belongs to: the other controls, and how far apart those are that move together.
  /** @param {string} along */
  #query(along) {
    const names = along.split("+");
    const values = names.map((name) => Number(this.#widget.form.elements[name].value));
    const params = this.#widget.params();
    for (const name of names) params.delete(name);
    const apart = values.map((value) => (value - values[0]).toFixed(6));
    return `${along}:${apart}:${params}`;
  }
}

/** Marks and parts of a stage that equal those of the result before are left out (app/stages/__init__.py).
 *  @type {(result: Result, before: Result) => void} */
const complete = (result, before) => {
  if (!result.scene) return;
  for (const part of ["marks", "handles"]) {
    result.scene[part].forEach((/** @type {any} */ mark, /** @type {number} */ i) => {
      if (mark === 0) result.scene[part][i] = before.scene[part][i];
    });
  }
  result.scene = { ...before.scene, ...result.scene };
};
