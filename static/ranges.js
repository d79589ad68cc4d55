// What a widget shows at every position of a slider: one request brings it when the slider is about to be
// used, and a drag reads from it. All of it was computed by the server; nothing is computed here.
import { askRange } from "./server.js";

// A range holds for what the other controls say. Those asked for longest ago go first.
const KEPT = 4;

export class Ranges {
  #widget;
  #arrived;
  #along;
  /** @type {Map<string, { results?: Map<number, Result> }>} */
  #kept = new Map();

  /** `arrived(along)` is called when a range is there that was not before.
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

  /** The result for what the controls say, if a range along this parameter is there and has it.
   *  @param {string} along */
  result(along) {
    const range = this.#kept.get(this.#query(along));
    return range?.results?.get(Number(this.#widget.form.elements[along].value)) ?? null;
  }

  /** Whether a range along this parameter is on its way for what the other controls say.
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
      // Nobody needs to know: a slider without its range asks for each result.
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

  // The value that is moved is no part of what is asked.
  /** @param {string} along */
  #query(along) {
    const params = this.#widget.params();
    params.delete(along);
    return new URLSearchParams([["along", along], ...params]).toString();
  }
}
