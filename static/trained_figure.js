// A figure whose result takes training. A changed setting marks the shown run as that of other settings. If nobody has
// made the new one, its training is told and drawn as it goes on; then its result is shown, and played once.
import { ask, askMade, stream } from "./server.js";

const UNANSWERED = "The server did not answer.";
const LOST = "The connection to the server was lost.";
// Seconds that a run takes on most readers' machines: longer waits for the server are not worth it.
const HERE_S = 2;
// How long a reader can read that the run is made here, and prefer the server, before it begins.
const OFFER_MS = 800;

/** @typedef {{ unit: string, total: (widget: Widget) => number, done: (row: Row) => number }} Progress */

/** The valid controls of a widget's parameters, each once.
 *  @type {(widget: Widget) => Control[]} */
const controlsOf = ({ form }) =>
  [...form.elements].filter(
    ({ name, type, checked, validity }) =>
      name && !name.includes(".") && validity.valid && (type !== "radio" || checked),
  );

/** What a control says, in words: "seed 7".
 *  @type {(control: any) => string} */
const inWords = ({ labels, options, selectedIndex, value }) => {
  const title = labels?.[0]?.firstChild?.textContent.trim() ?? "";
  const name = /^.[a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title;
  return options ? `${name} “${options[selectedIndex].text}”` : `${name} ${value}`;
};

class Training {
  #widget;
  #figure;
  #progress;
  /** What the controls said when the shown result came, by name: in words and as values.
   *  @type {Map<string, [string, string]>} */
  #shown = new Map();
  /** @type {Row[]} */
  #rows = [];
  /** @type {Record<string, string>} */
  #own = {};
  #frame = 0;
  /** Whether the next result is to be played. */
  plays = false;

  /** @param {Widget} widget @param {Progress | undefined} progress */
  constructor(widget, progress) {
    this.#widget = widget;
    this.#figure = /** @type {import("./figure.js").Figure} */ (widget.figure);
    this.#progress = progress;
    /** @type {(part: string, action: () => void) => void} */
    const press = (part, action) => widget.querySelector(`[data-training-${part}]`).addEventListener("click", action);
    press("new", () => {
      this.plays = true;
      widget.newSeed();
      widget.refresh();
    });
    press("again", () => widget.refresh());
    press("cancel", () => this.#cancel());
    this.#tell();
  }

  /** The result of the controls' state, once it is there.
   *  @param {AbortSignal} signal @returns {Promise<any>} */
  async ask(signal) {
    const widget = this.#widget;
    this.#reset();
    this.#tell();
    try {
      const made = await askMade(widget, signal);
      widget.computedHere = false;
      if (typeof made !== "number") return made;
      // A page that came before its run shows the place of its address.
      if (!this.#pending) this.plays = true;
      widget.announce(`${this.#training}.`);
      widget.computedHere = made > HERE_S && (await this.#offer(made, signal));
      const answer = await this.#trained(widget.computedHere, signal);
      if (!answer.ok) this.#failed();
      return answer;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failed();
      return { ok: false, json: async () => ({ detail: UNANSWERED }) };
    }
  }

  /** A result is shown, which is that of the controls. */
  show() {
    this.#reset();
    const note = this.#widget.querySelector("[data-computed-here]");
    if (note) note.hidden = !this.#widget.computedHere;
    this.#shown = new Map(controlsOf(this.#widget).map((control) => [control.name, [inWords(control), control.value]]));
    this.#own = this.#figure.place;
    if (this.plays && this.#figure.left) this.#figure.play(0);
    this.plays = false;
  }

  /** The widget is gone. */
  stop() {
    cancelAnimationFrame(this.#frame);
  }

  // ---- inside --------------------------------------------------------------------------------------

  // Say that the run will be made here, and for how long it would wait for the server, which the reader may prefer.
  /** @param {number} seconds @param {AbortSignal} signal @returns {Promise<boolean>} */
  async #offer(seconds, signal) {
    const { dataset } = this.#part("says");
    if (!dataset.worker) return false;
    import("./own_run.js").then(({ machineOf }) => machineOf(this.#widget, dataset)).catch(() => {}); // told when it is needed
    const prefer = this.#part("wait");
    this.#tell(`The server is busy for up to ${Math.ceil(seconds)} s, so this run is trained on your machine`);
    prefer.hidden = false;
    const prefers = await new Promise((resolve) => {
      prefer.onclick = () => resolve(true);
      signal.onabort = () => resolve(true);
      setTimeout(() => resolve(false), OFFER_MS);
    });
    prefer.hidden = true;
    signal.throwIfAborted();
    return !prefers;
  }

  // Make a run here or on the server, and return the answer.
  /** @param {boolean} here @param {AbortSignal} signal @returns {Promise<any>} */
  async #trained(here, signal) {
    const widget = this.#widget;
    if (here) {
      const { ownEvents } = await import("./own_run.js");
      return this.#watch(ownEvents(widget, this.#part("says").dataset, signal), true);
    }
    const ended = this.#progress && (await this.#watch(stream(widget.api("/stream"), widget, signal)));
    return ended ?? ask(widget, signal);
  }

  // Follow a run to its end. Returns the problem that ended it as an answer; else null, or its result if that is one for
  // pages.
  /** @param {AsyncGenerator<RunEvent>} events @returns {Promise<any>} */
  async #watch(events, forPages = false) {
    const widget = this.#widget;
    /** @type {(ok: boolean, body: any) => any} */
    const answer = (ok, body) => ({ ok, json: async () => body });
    for (;;) {
      const next = await widget.loaded(events.next());
      if (!next) return answer(false, {});
      if (next.done) return null;
      const [name, data] = next.value;
      if (name === "queued") this.#wait(`The server is busy, and you are number ${data.place} in its queue`);
      else if (name === "broken") this.#wait("The connection was lost; trying again");
      else if (name === "lost") return answer(false, { detail: LOST });
      else if (name === "error") return answer(false, data);
      else if (name === "done") return forPages ? answer(true, data) : null;
      else if (name === "step") {
        this.#rows.push(data);
        this.#frame ||= requestAnimationFrame(() => this.#grow());
      }
    }
  }

  /** @param {string} why */
  #wait(why) {
    this.#tell(why);
    this.#widget.announce(`${why}.`);
  }

  #grow() {
    this.#frame = 0;
    const row = this.#rows.at(-1);
    if (!row || !this.#progress) return;
    const { total, done, unit } = this.#progress;
    this.#tell(`${this.#training}: ${done(row)} of ${total(this.#widget)} ${unit}`);
    this.#figure.grow((this.#figure.scene.more.grows ?? []).map((/** @type {any} */ line) => grown(line, this.#rows)));
  }

  get #pending() {
    return this.#widget.closest("[data-pending]") !== null;
  }

  get #training() {
    const { seed } = this.#widget.form.elements;
    return seed ? `Training with seed ${seed.value}` : "Training";
  }

  // Say whose result is shown, and what is being done.
  /** @param {string} doing */
  #tell(doing = this.#training) {
    // A page that came before its run says whose it shows (static/pending.js).
    const pending = this.#pending;
    this.#part("cancel").hidden = pending;
    const others = controlsOf(this.#widget).map(({ name, value }) => {
      const [words, before] = this.#shown.get(name) ?? ["", value];
      return value === before ? "" : words;
    });
    const whose = pending ? "" : others.filter(Boolean).join(", ");
    this.#part("says").textContent = whose ? `Shown: ${whose}. ${doing}` : doing;
  }

  #failed() {
    this.#reset();
    this.#tell(`Not trained${this.#training.slice("Training".length)}`);
    this.#part("again").hidden = false;
  }

  // Go back to the settings whose run is shown.
  #cancel() {
    const widget = this.#widget;
    widget.dropRequest();
    this.#reset();
    this.plays = false;
    for (const [name, [, value]] of this.#shown) widget.setParam(name, value);
    if (this.#figure.place.step !== this.#own.step) this.#figure.place = this.#own;
    widget.clearError();
    this.#figure.show(widget.result.scene);
    widget.followUrl();
    widget.announce("Canceled.");
    this.#part("new").closest("details").querySelector("summary").focus();
  }

  #reset() {
    cancelAnimationFrame(this.#frame);
    [this.#frame, this.#rows] = [0, []];
    this.#part("again").hidden = true;
    this.#figure.grow([]);
  }

  /** @param {string} part */
  #part(part) {
    return this.#widget.querySelector(`[data-training-${part}]`);
  }
}

/** The curve of the rows that have come, as far as it lies in its panel.
 *  @type {(line: any, rows: Row[]) => any} */
const grown = ({ p, c, x, y, only = {} }, rows) => {
  const mine = rows.filter((row) => Object.entries(only).every(([field, value]) => row[field] === value));
  const points = mine.map((row) => [share(row[x.field], x), share(row[y.field], y)]);
  const inside = points.filter(([across, up]) => across >= 0 && across <= 1 && up >= 0 && up <= 1);
  return { k: "curve", p, c: `line grown ${c}`, x: inside.map(([across]) => across), y: inside.map(([, up]) => up), free: 1 };
};

/** @type {(value: number, axis: { low: number, high: number, root?: boolean }) => number} */
const share = (value, { low, high, root }) => ((part) => (root ? Math.sqrt(part) : part))((value - low) / (high - low));

/** The module of a widget whose result takes training, streamed if its progress can be told.
 *  @type {(progress?: Progress) => WidgetModule} */
export const trained = (progress) => ({
  start(widget) {
    widget.state = new Training(widget, progress);
  },
  ask: ({ state }, signal) => state.ask(signal),
  draw: ({ state }) => state.show(),
  stop: ({ state }) => state.stop(),
});
