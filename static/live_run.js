// A streamed training run. The server finishes it, whoever is watching; its rows are collected here as they arrive, and
// the reader goes through them at their own pace: pause, step, continue. Cancel stops watching.
import { stream, streaming } from "./server.js";

const STEADY_AFTER = 3; // rows before the remaining time is estimated
// Rows that arrived while paused or in the background are shown within about this time, step by step.
const CATCH_UP_MS = 600;
const MOST_MS = 100; // longest time that counts between two frames

/** @type {(seconds: number) => string} */
const whole = (seconds) => (seconds < 1.5 ? "1 s" : `${Math.round(seconds)} s`);

/** @typedef {(widget: Widget, run: LiveRun) => Run} RunOf */

const still = matchMedia("(prefers-reduced-motion: reduce)");

class LiveRun {
  #widget;
  #how;
  /** @type {ReturnType<typeof stream> | null} */
  #events = null; // of a run that is neither done nor cancelled
  /** @type {AbortController | null} */
  #leaving = null;
  #lost = false; // whether the stream has given up, until it is reopened
  /** @type {Row[]} */
  #rows = []; // received
  #shown = 0; // number of rows shown
  #until = Infinity; // number of rows at which to pause
  /** @type {Result | null} */
  #result = null;
  #waits = ""; // reason for waiting, as text
  /** @type {{ at: number, done: number } | null} */
  #clock = null;
  #frame = 0;
  #at = 0; // time of the last frame
  /** @type {Record<string, any>} */
  #parts = {};

  /** @param {Widget} widget @param {RunOf} howOf */
  constructor(widget, howOf) {
    this.#widget = widget;
    this.#how = howOf(widget, this);
    for (const part of ["new", "again", "pause", "step", "cancel", "bar", "text"]) {
      this.#parts[part] = widget.querySelector(`[data-run-${part}]`);
    }
    /** @type {(part: string, action: () => void) => void} */
    const press = (part, action) => this.#parts[part].addEventListener("click", action);
    press("new", () => {
      widget.newSeed();
      this.begin();
    });
    press("again", () => this.begin());
    press("pause", () => (this.#paused ? this.#goOn(Infinity) : this.#pause()));
    press("step", () => this.#step());
    press("cancel", () => this.#cancel());
  }

  /** Start the run of the controls' state; pause after a number of rows. */
  begin(until = Infinity) {
    if (!this.#widget.form.reportValidity()) return;
    this.reset();
    this.#widget.followUrl();
    this.#say(`${streaming} with seed ${this.#widget.form.elements.seed.value}. What came of it will be said here.`);
    this.#leaving = new AbortController();
    this.#events = stream(this.#widget.api("/stream"), this.#widget.name, this.#leaving.signal);
    this.#goOn(until);
    this.#listen(this.#events);
  }

  /** Stop watching the run, silently. */
  stop() {
    this.#leaving?.abort();
    this.#events = null;
    this.#lost = false;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#show("idle");
  }

  /** Stop watching the run, and reset the progress. */
  reset() {
    this.stop();
    this.#widget.clearError();
    [this.#rows, this.#shown, this.#result, this.#clock, this.#waits] = [[], 0, null, null, ""];
    this.#progress();
  }

  /** Show that a run is complete. */
  finished() {
    this.stop();
    this.#progress("", this.#how.total());
  }

  // ---- inside --------------------------------------------------------------------------------

  get #paused() {
    return this.#lost || this.#shown >= this.#until;
  }

  get #drawn() {
    return this.#rows.slice(0, this.#shown);
  }

  /** @param {number} until */
  #goOn(until) {
    this.#until = until;
    this.#show("running");
    if (this.#lost && this.#events) {
      this.#lost = false;
      this.#widget.clearError();
      this.#listen(this.#events);
    }
    this.#progress(this.#waits);
    this.#nextFrame();
  }

  #pause() {
    this.#until = this.#shown;
    this.#rest();
  }

  #rest() {
    this.#show("paused");
    this.#progress("paused");
    this.#widget.announce(`Paused at ${this.#count()}.`);
  }

  #step() {
    const until = (this.#events ? this.#shown : 1) + (this.#how.perStep ?? 1);
    if (this.#events) this.#goOn(until);
    else this.begin(until);
  }

  #cancel() {
    const said = `Cancelled at ${this.#count()}.`;
    this.stop();
    this.#progress("cancelled");
    this.#say(said);
  }

  // Handle events until the run is done, cancelled or lost.
  /** @param {ReturnType<typeof stream>} events */
  async #listen(events) {
    while (!this.#lost && !this.#result) {
      const next = await this.#widget.loaded(events.next());
      if (events !== this.#events) return;
      if (!next || next.done) {
        this.#end();
        return;
      }
      this.#hear(...next.value);
    }
  }

  /** @param {string} name @param {any} data */
  #hear(name, data) {
    this.#waits = "";
    if (name === "queued") this.#waits = `the server is busy, you are number ${data.place} in its queue`;
    if (name === "broken") this.#waits = "connection lost, trying again";
    if (name === "begun") this.#how.begun?.(data);
    if (name === "step") {
      this.#rows.push(data);
      this.#clock ??= { at: performance.now(), done: this.#how.done(this.#rows) };
    }
    if (name === "done") this.#result = data;
    if (name === "lost") this.#lose();
    else if (name === "error") this.#refused(data);
    else if (this.#waits && !this.#paused) this.#progress(this.#waits);
    else this.#nextFrame();
  }

  #lose() {
    this.#lost = true;
    this.#show("paused");
    this.#progress("connection lost");
    this.#widget.fail("The connection to the server was lost. “Continue” goes on where the run stopped.");
  }

  // A problem document instead of a run or of the rest of one.
  /** @param {{ detail: string, retry_after?: number }} problem */
  #refused({ detail, retry_after: wait }) {
    this.#end();
    this.#widget.fail(detail, wait);
  }

  // Keep showing the rows that have arrived.
  #end() {
    this.#shown = this.#rows.length;
    if (this.#shown) this.#how.drawn(this.#rows);
    // Without rows, restore the finding of the result that is shown.
    const said = this.#shown ? `Stopped at ${this.#count()}.` : this.#widget.result.finding;
    this.stop();
    this.#progress("stopped");
    this.#say(said);
  }

  #nextFrame() {
    this.#frame ||= requestAnimationFrame((now) => {
      const passed = Math.min(MOST_MS, now - this.#at);
      [this.#frame, this.#at] = [0, now];
      this.#draw(passed);
    });
  }

  // Draw a share of the pending rows for the time since the last frame, at least one.
  /** @param {number} passed */
  #draw(passed) {
    const ready = Math.min(this.#rows.length, this.#until) - this.#shown;
    if (ready > 0) {
      this.#shown += still.matches ? ready : Math.ceil((ready * passed) / CATCH_UP_MS);
      this.#how.drawn(this.#drawn);
      this.#progress(this.#timeLeft());
    }
    if (this.#result && this.#shown === this.#rows.length) {
      const result = this.#result;
      this.finished();
      this.#widget.show(result);
    } else if (ready > 0 && this.#paused) this.#rest();
    else if (this.#shown < Math.min(this.#rows.length, this.#until)) this.#nextFrame();
  }

  // The remaining time of the training, which does not wait for the reader.
  #timeLeft() {
    const done = this.#how.done(this.#rows);
    const since = done - (this.#clock?.done ?? done);
    if (!this.#clock || since < STEADY_AFTER || this.#result) return "";
    const each = (performance.now() - this.#clock.at) / 1000 / since;
    return `about ${whole(each * (this.#how.total() - done))} left`;
  }

  /** Replace the finding, which belongs to another run, by the state of this one.
   *  @param {string} text */
  #say(text) {
    this.#widget.bind({ finding: text });
    this.#widget.announce(text);
  }

  #count() {
    return `${this.#how.done(this.#drawn)} of ${this.#how.total()} ${this.#how.unit}`;
  }

  #progress(note = "", done = this.#how.done(this.#drawn)) {
    this.#parts.bar.max = this.#how.total();
    this.#parts.bar.value = done;
    this.#parts.text.textContent = `${done} of ${this.#how.total()} ${this.#how.unit}${note && `, ${note}`}`;
  }

  // Hide buttons that do not apply, without losing the focus.
  /** @param {"running" | "paused" | "idle"} state */
  #show(state) {
    this.#widget.setBusy(state === "running");
    const { pause, cancel, again } = this.#parts;
    pause.textContent = state === "paused" ? "Continue" : "Pause";
    for (const button of [pause, cancel]) {
      const had = button === document.activeElement;
      button.hidden = state === "idle";
      if (had && button.hidden) again.focus();
    }
  }
}

/** The module of a widget with a streamed run, which `howOf` describes.
 *  @type {(howOf: RunOf) => WidgetModule} */
export const streamed = (howOf) => ({
  start(widget) {
    widget.state = new LiveRun(widget, howOf);
  },
  // Changed controls make no request: only the button or Enter starts a run.
  changed(widget) {
    widget.followUrl();
    return false;
  },
  submit: ({ state }) => state.begin(),
  draw: ({ state }) => state.finished(),
  stop: ({ state }) => state.stop(),
});
