// The results at all positions of a slider: one request brings them when the slider is about to be used, and a
// drag reads from them. The server computes all of them.
import { askRange } from "./server.js";

// A range belongs to a state of the other controls. The least recently used is dropped first.
const KEPT = 4;

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

  /** The result for the state of the controls, if a range along this parameter has it.
   *  @param {string} along */
  result(along) {
    const range = this.#kept.get(this.#query(along));
    return range?.results?.get(Number(this.#widget.form.elements[along].value)) ?? null;
  }

  /** Whether a range along this parameter has been requested for the state of the other controls.
   *  @param {string} along */
  awaited(along) {
    const range = this.#kept.get(this.#query(along));
    return range !== undefined && !range.results;
  }

  /** @param {Control} control */
  #prepare(control) {
    const along = control.dataset.rangeFor ?? control.name;
    if (!this.#along.has(along) || this.#widget.holds(along) || !this.#widget.form.checkValidity()) return;
    const query = this.#query(along);
    const known = this.#kept.get(query);
    if (known) {
      this.#keep(query, known);
      return;
    }
    const answer = askRange(this.#widget, query);
    if (answer) this.#ask(along, query, answer);
  }

  /** @param {string} along @param {string} query @param {Promise<any>} answer */
  async #ask(along, query, answer) {
    /** @type {{ results?: Map<number, Result> }} */
    const range = {};
    this.#keep(query, range);
    try {
      const { values, results } = await answer;
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

  // The query has no value for the slider itself.
  /** @param {string} along */
  #query(along) {
    const params = this.#widget.params();
    params.delete(along);
    return new URLSearchParams([["along", along], ...params]).toString();
  }
}
