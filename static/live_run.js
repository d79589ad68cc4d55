// A training run that is streamed: its rows as they are made, progress with the time left, pause, step, cancel.
//
// The server keeps the rows of a run, and goes on where it stopped. So a paused run is one whose stream was
// closed, and opening it again brings all rows: those that are here already are skipped. A stream that breaks
// is opened by the browser again, after the last row that came.

import { stream, streaming } from "./server.js";

const TRIES = 3;
const STEADY_AFTER = 3; // rows, before anything is said of the time left

const whole = (seconds) => (seconds < 1.5 ? "1 s" : `${Math.round(seconds)} s`);

/** How a module tells its run apart:
 *  unit     what progress counts, such as "iterations"
 *  total()  how many of them the run has
 *  done(rows)  how many of them these rows are
 *  drawn(rows)  draw the rows that have arrived; at most once a frame
 *  begun(data)  optional: what the stream sends ahead of its rows
 *  perStep  optional: how many rows a step adds, 1 if not given
 */
export class LiveRun {
  #widget;
  #how;
  #source = null;
  #address = "";
  #rows = [];
  #until = Infinity;
  #failures = 0;
  #frame = 0;
  #clock = null;
  #parts = {};

  constructor(widget, how) {
    this.#widget = widget;
    this.#how = how;
    for (const part of ["new", "again", "pause", "step", "cancel", "bar", "text"]) {
      this.#parts[part] = widget.querySelector(`[data-run-${part}]`);
    }
    const press = (part, action) => this.#parts[part].addEventListener("click", action);
    press("new", () => {
      widget.newSeed();
      this.begin();
    });
    press("again", () => this.begin());
    press("pause", () => (this.#source ? this.pause() : this.#open(Infinity)));
    press("step", () => this.#step());
    press("cancel", () => this.cancel());
  }

  /** Whether a run has begun that is neither done nor cancelled. */
  get going() {
    return this.#address !== "";
  }

  /** Start the run that the controls ask for; it goes on until it has so many rows. */
  begin(until = Infinity) {
    if (!this.#widget.form.reportValidity()) return;
    this.stop();
    this.#widget.followUrl();
    this.#rows = [];
    this.#failures = 0;
    this.#address = this.#widget.api("/stream");
    this.#progress();
    this.#say(`${streaming} with seed ${this.#widget.form.elements.seed.value}. What came of it will be said here.`);
    this.#open(until);
  }

  /** Stop for now. The button that paused it lets it go on. */
  pause() {
    this.#close();
    this.#show("paused");
    this.#progress("paused");
    this.#widget.announce(`Paused at ${this.#count()}.`);
  }

  /** Stop for good; what has been drawn stays. */
  cancel() {
    const said = `Cancelled at ${this.#count()}.`;
    this.stop();
    this.#progress("cancelled");
    this.#say(said);
  }

  /** Forget the run, without a word. */
  stop() {
    this.#close();
    this.#address = "";
    this.#show("idle");
  }

  /** Forget the run, and show that nothing has been done. */
  reset() {
    this.stop();
    this.#rows = [];
    this.#progress();
  }

  /** Show that all of a run is here. */
  finished() {
    this.#rows = [];
    this.#progress("", this.#how.total());
  }

  // ---- inside --------------------------------------------------------------------------------

  #step() {
    const until = (this.going ? this.#rows.length : 1) + (this.#how.perStep ?? 1);
    if (this.going) {
      this.#close();
      this.#open(until);
    } else {
      this.begin(until);
    }
  }

  #open(until) {
    this.#widget.clearError();
    this.#widget.setBusy(true);
    this.#show("running");
    this.#until = until;
    this.#clock = null;
    let seen = 0;
    const source = (this.#source = stream(this.#address, this.#widget.name, this.#rows.length));
    const hear = (name, act) => source.addEventListener(name, (event) => act(event.data ? JSON.parse(event.data) : null));
    hear("queued", ({ place }) => this.#progress(`the server is busy, you are number ${place} in its queue`));
    hear("begun", (data) => {
      if (!this.#rows.length) this.#how.begun?.(data);
    });
    hear("step", (row) => {
      seen += 1;
      if (seen > this.#rows.length && this.#rows.length < this.#until) this.#add(row);
    });
    hear("done", (result) => {
      this.stop();
      this.#widget.show(result);
    });
    hear("error", () => this.#failed(source));
  }

  #add(row) {
    this.#failures = 0;
    this.#rows.push(row);
    this.#clock ??= { at: performance.now(), done: this.#how.done(this.#rows) };
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
    if (this.#rows.length >= this.#until) this.pause();
  }

  #draw() {
    this.#how.drawn(this.#rows);
    this.#progress(this.#source ? this.#timeLeft() : "paused");
  }

  #timeLeft() {
    const done = this.#how.done(this.#rows);
    const since = done - this.#clock.done;
    if (since < STEADY_AFTER) return "";
    const each = (performance.now() - this.#clock.at) / 1000 / since;
    return `about ${whole(each * (this.#how.total() - done))} left`;
  }

  // A browser opens a broken stream again by itself, unless the server refused it.
  #failed(source) {
    if (source !== this.#source) return;
    this.#failures += 1;
    if (source.readyState !== EventSource.CLOSED && this.#failures < TRIES) {
      this.#progress("connection lost, trying again");
      return;
    }
    this.#close();
    this.#show("paused");
    this.#widget.fail("The run was cut off. “Continue” goes on where it stopped.");
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    if (this.#frame) {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      if (this.#rows.length) this.#how.drawn(this.#rows);
    }
    this.#widget.setBusy(false);
  }

  /** Say in place of the finding, which is of another run, how this one stands. */
  #say(text) {
    this.#widget.bind({ finding: text });
    this.#widget.announce(text);
  }

  #count() {
    return `${this.#how.done(this.#rows)} of ${this.#how.total()} ${this.#how.unit}`;
  }

  #progress(note = "", done = this.#how.done(this.#rows)) {
    this.#parts.bar.max = this.#how.total();
    this.#parts.bar.value = done;
    this.#parts.text.textContent = `${done} of ${this.#how.total()} ${this.#how.unit}${note && `, ${note}`}`;
  }

  // Buttons that make no sense now are hidden; the focus does not go with them.
  #show(state) {
    const { pause, cancel, again } = this.#parts;
    pause.textContent = state === "paused" ? "Continue" : "Pause";
    for (const button of [pause, cancel]) {
      const had = button === document.activeElement;
      button.hidden = state === "idle";
      if (had && button.hidden) again.focus();
    }
  }
}
