// A figure with a stage: its handles, its steps, the scrub, the question. The widget (static/widget.js) owns the
// parameters and fetches results; here they are drawn, and pointers on the drawing move the native controls behind it.
import { Drawing, patch, resolved } from "./stage.js";
import { say } from "./speech.js";

/** @typedef {import("./stage.js").Scene} Scene */
/** @typedef {import("./stage.js").Pixels} Pixels */

const NARROW = 640; // pixels of the whole figure; as in figure.css
const STEP_MS = 500;
const NEAR = 30; // pixels from a knob within which it does not jump to the pointer
const SLOP = 4; // pixels that a finger moves before it is known where to
const STALE_MS = 80; // a result that comes sooner does not dim the drawing

const still = matchMedia("(prefers-reduced-motion: reduce)");
const paper = matchMedia("print");
// To ask it in a drag would make the browser lay the page out.
let printed = paper.matches;
paper.addEventListener("change", () => {
  printed = paper.matches;
});

/** @type {(value: number, low: number, high: number) => number} */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Which share of a line of points is nearest to a pointer, by the coordinates that count.
 *  @type {(track: Pixels[], pointer: Pixels, along: string) => number} */
export const nearestShare = (track, [px, py], along) => {
  if (along === "points") {
    const away = track.map(([x, y]) => Math.hypot(x - px, y - py));
    return away.indexOf(Math.min(...away)) / (track.length - 1);
  }
  const [wx, wy] = [along === "y" ? 0 : 1, along === "x" ? 0 : 1];
  let best = { share: 0, far: Infinity };
  for (let i = 1; i < track.length; i += 1) {
    const [[ax, ay], [bx, by]] = [track[i - 1], track[i]];
    const [dx, dy] = [(bx - ax) * wx, (by - ay) * wy];
    const length = dx * dx + dy * dy;
    const part = length ? clamp((((px - ax) * wx) * dx + ((py - ay) * wy) * dy) / length, 0, 1) : 0;
    const far = ((ax - px) * wx + dx * part) ** 2 + ((ay - py) * wy + dy * part) ** 2;
    if (far < best.far - 1e-9) best = { share: (i - 1 + part) / (track.length - 1), far };
  }
  return best.share;
};

/** Halfway between two scenes alike: numbers move, everything else is that of the second.
 *  @type {(from: any, to: any, part: number) => any} */
export const between = (from, to, part) => {
  if (typeof from === "number" && typeof to === "number") return from + (to - from) * part;
  if (from === null || to === null || typeof from !== "object" || typeof to !== "object" || from === to) return to;
  if (Array.isArray(to)) {
    return Array.isArray(from) && from.length === to.length ? to.map((value, i) => between(from[i], value, part)) : to;
  }
  return Object.fromEntries(Object.entries(to).map(([key, value]) => [key, between(from[key] ?? value, value, part)]));
};

/** Whether two scenes have the same kinds of marks on the same panels, so that one can move to the other.
 *  @type {(one: Scene, other: Scene) => boolean} */
const alike = (one, other) => {
  /** @type {(mark: Scene) => any[]} */
  const kind = ({ k, only, p, pt, a }) => [k, only, p, pt?.[0], k === "area" ? "" : a?.[0]];
  const [kinds, others] = [one, other].map(({ marks }) => String(marks?.map(kind)));
  return kinds === others;
};

export class Figure {
  /** @type {Scene} */
  scene = {};
  #widget;
  /** @type {Record<string, any>} */
  #parts = {};
  // Measured when they change: to read them in a drag would make the browser lay the page out in between.
  #width = 0;
  #narrow = false;
  #frame = 0;
  #playing = 0;
  #staleTimer = 0;
  /** @type {Scene | null} */
  #moving = null;
  /** @type {Scene[]} */
  #grown = [];
  #animate = false;
  /** Whether what is shown is not that of the controls. */
  late = false;

  /** @param {Widget} widget */
  constructor(widget) {
    this.#widget = widget;
    for (const part of ["core", "title", "say", "readout", "play", "at-range", "ask"]) {
      this.#parts[part] = widget.querySelector(`[data-${part}]`);
    }
    this.svg = widget.querySelector("svg.plot");
    if (this.svg) this.#prepareDrawing();
    paper.addEventListener("change", () => {
      if (!this.scene.more) this.scene = widget.result.scene; // never been near the screen
      if (this.svg && !this.#width) this.#measure(); // folded up on the screen
      this.paint();
      this.#write();
    });
    widget.form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#onKey(event));
    for (const link of this.#steps) link.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#onStep(event, link));
    widget.addEventListener("click", (/** @type {any} */ event) => this.#onClick(event));
    this.#parts.play?.addEventListener("click", () => (this.#playing ? this.pause() : this.play()));
  }

  #prepareDrawing() {
    for (const drawn of this.#widget.querySelectorAll("svg.at-width")) drawn.remove();
    this.svg.removeAttribute("hidden");
    new ResizeObserver(() => this.#measure()).observe(this.svg);
    document.fonts?.ready.then(() => this.paint());
    this.svg.addEventListener("mousedown", (/** @type {Event} */ event) => event.preventDefault());
    this.svg.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => this.#grab(event));
    for (const about of ["focusin", "focusout"]) this.#widget.form.addEventListener(about, () => this.paint());
  }

  /** The widget is on the screen: a figure that plays by itself does so once, from its beginning. */
  start() {
    if (this.scene.more?.play?.once && this.own("at") === "" && !still.matches) this.play();
  }

  // ---- the page's own state: step, place and guess ------------------------------------------------

  get #steps() {
    return [...this.#widget.querySelectorAll("[data-step]")];
  }

  /** The value of a field of the page's state: step, at or guess.
   *  @param {string} name @returns {string} */
  own(name) {
    return this.#widget.form.elements[`${this.#widget.name}.${name}`]?.value ?? "";
  }

  /** @param {string} name @param {string | number} value */
  #set(name, value) {
    const field = this.#widget.form.elements[`${this.#widget.name}.${name}`];
    if (field) field.value = String(value);
  }

  /** The scene, or that of the page before the figure has been near the screen.
   *  @returns {Scene} */
  get #known() {
    return this.scene.more ? this.scene : (this.#widget.result.scene ?? {});
  }

  /** The place of the scrub. */
  get at() {
    if (this.own("at") === "") return this.#settledAt(this.#settling);
    return Math.min(Math.max(0, (this.#known.places ?? 0) - 1), Number(this.own("at")));
  }

  get #start() {
    const steps = this.#steps;
    return steps.find((link) => "start" in link.dataset) ?? steps[0];
  }

  /** The number of the step that shows these parameters, else 0. Not of one that asks and places no scrub: a handle on
   *  its way would open the question. */
  get #exact() {
    const start = this.#start;
    /** @type {(data: DOMStringMap) => boolean} */
    const asksAtOnce = (data) => data.asks !== undefined && data.at === undefined;
    const found = [start, ...this.#steps].find((link) => link && !asksAtOnce(link.dataset) && this.#isAt(link));
    return Number(found?.dataset.step ?? 0);
  }

  /** The same, else that of the start; 0 without steps. */
  get #implied() {
    return this.#exact || Number(this.#start?.dataset.step ?? 0);
  }

  /** The number of the current step: the one chosen, until it is left for the parameters of another one; else the
   *  implied one. A guess belongs to the one chosen. */
  get #number() {
    const chosen = Number(this.own("step"));
    const link = this.#steps.find((one) => Number(one.dataset.step) === chosen);
    if (chosen && (this.own("guess") || (link && this.#isAt(link)))) return chosen;
    return this.#exact || chosen || this.#implied;
  }

  /** @returns {any} */
  get #step() {
    return this.#steps.find((link) => Number(link.dataset.step) === this.#number) ?? null;
  }

  // Whether the parameters are those of a step.
  /** @param {any} step */
  #isAt(step) {
    const wanted = new URLSearchParams(step.dataset.query);
    const has = this.#widget.params();
    return [...new Set([...wanted.keys(), ...has.keys()])].every((name) => {
      const usual = this.#widget.defaultOf(name);
      const [one, other] = [wanted.get(name) ?? usual, has.get(name) ?? usual];
      return one === other || Number(one) === Number(other) || this.#widget.holds(name);
    });
  }

  /** Whether the state is no longer that of the current step, as is all that shows a reader's own data. */
  get left() {
    const step = this.#step;
    if (!step) return this.#steps.length > 0;
    return Boolean(this.scene.more?.own) || !this.#isAt(step) || this.at !== this.#settledAt(step);
  }

  /** The step that places the scrub where the address does not: the one chosen, or that of these parameters. */
  get #settling() {
    const step = this.#step;
    return this.own("step") || (step && this.#isAt(step)) ? step : null;
  }

  /** The place of the scrub at a step; the last one after a guess, or without a step. Some figures open at a place of
   *  their own.
   *  @param {any} step */
  #settledAt(step) {
    if (this.#known.opens) return this.#known.opens;
    const last = Math.max(0, (this.#known.places ?? 0) - 1);
    return step?.dataset.at === undefined || this.own("guess") ? last : Math.min(last, Number(step.dataset.at));
  }

  /** Whether a question is open, whose answer is not drawn. Paper has the answer. */
  get asking() {
    if (printed) return false;
    if ("asks" in this.#widget.dataset) return !this.own("guess");
    return Boolean(this.#step?.dataset.asks) && !this.own("guess") && !this.left;
  }

  /** Step, place of the scrub and guess, as the page has them. */
  get place() {
    return Object.fromEntries(["step", "at", "guess"].map((name) => [name, this.own(name)]));
  }

  set place(own) {
    for (const [name, value] of Object.entries(own)) this.#set(name, value);
  }

  /** The page's state as parameters of its address, as short as it can be.
   *  @returns {[string, string][]} */
  address() {
    const name = this.#widget.name;
    /** @type {[string, string][]} */
    const found = [];
    const chosen = this.own("step") && this.#number;
    // A step alone would lead to its own state.
    const misleads = [...this.#widget.params()].length === 0 && this.#step && !this.#isAt(this.#step);
    if (chosen && !misleads && (chosen !== this.#implied || this.own("guess"))) found.push([`${name}.step`, String(chosen)]);
    if (this.#known.places && this.at !== this.#settledAt(this.#settling)) found.push([`${name}.at`, String(this.at)]);
    if (this.own("guess")) found.push([`${name}.guess`, this.own("guess")]);
    return found;
  }

  /** @param {MouseEvent} event @param {any} link */
  #onStep(event, link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.pause();
    this.#set("step", link.dataset.step);
    this.#set("guess", "");
    this.#set("at", link.dataset.at ?? "");
    this.#animate = true;
    this.#widget.setState(link.dataset.query);
  }

  /** @param {any} event */
  #onClick(event) {
    const choice = event.target.closest("[data-guess]");
    if (!choice || this.own("guess") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#set("step", this.#number || "");
    this.#set("guess", choice.dataset.guess);
    if (this.scene.places) this.play(this.scene.known);
    this.#mark();
    this.paint();
    this.#write();
    this.#widget.followUrl();
    this.#widget.announce(this.words);
    this.#parts.readout.focus();
  }

  /** Ask again: what is guessed about is no longer what is shown. */
  ask() {
    this.#set("guess", "");
  }

  // ---- showing ------------------------------------------------------------------------------------

  /** Show a scene; after a step, the drawing moves there.
   *  @param {Scene} scene */
  show(scene) {
    const before = this.#moving ?? this.scene;
    // A page that came before its run shows another one until it is filled (static/pending.js).
    this.stale(this.#widget.closest("[data-pending]") !== null);
    this.scene = scene;
    if (this.#parts["at-range"]) this.#parts["at-range"].max = String(Math.max(0, scene.places - 1));
    this.#mark();
    if (this.#animate && alike(before, scene) && !still.matches) this.#tween(before);
    else this.paint();
    this.#animate = false;
    this.#write();
  }

  /** Say that what is shown is not of these controls: until the result is there, or never mind.
   *  @param {boolean} is */
  stale(is) {
    this.late = is;
    clearTimeout(this.#staleTimer);
    if (is) {
      this.#staleTimer = setTimeout(() => this.#parts.core.setAttribute("data-stale", ""), STALE_MS);
    } else this.#parts.core.removeAttribute("data-stale");
  }

  /** Draw what is known of the next result over the present one, which is pale meanwhile.
   *  @param {Scene[]} marks */
  grow(marks) {
    this.#grown = marks;
    this.#parts.core.toggleAttribute("data-growing", marks.length > 0);
    this.paint();
  }

  /** @param {Scene} before @param {Scene} after */
  #tween(before, after = this.scene) {
    cancelAnimationFrame(this.#frame);
    const begun = performance.now();
    const go = () => {
      const part = clamp((performance.now() - begun) / STEP_MS, 0, 1);
      this.#moving = part < 1 ? between(before, after, part * part * (3 - 2 * part)) : null;
      this.paint();
      if (part < 1) this.#frame = requestAnimationFrame(go);
    };
    go();
  }

  #measure() {
    const width = this.svg.getBoundingClientRect().width;
    if (width && Math.abs(width - this.#width) > 0.5) {
      this.#width = width;
      this.#narrow = this.#parts.core.getBoundingClientRect().width < NARROW;
      this.paint();
    }
  }

  /** Whether the drawing is still moving by itself. */
  get moves() {
    return Boolean(this.#moving || this.#playing);
  }

  /** The drawing for the state of the page. */
  drawing() {
    const scene = this.#moving ?? this.scene;
    const marks = [...scene.marks, ...this.#grown];
    return new Drawing({ ...scene, marks }, {
      width: this.#width,
      narrow: this.#narrow,
      at: this.at,
      asking: this.asking,
      held: this.#widget.dataset.held?.split(" ") ?? [],
      focused: scene.handles.findLastIndex((/** @type {Scene} */ handle) => {
        const control = this.control(handle.params[0]);
        return control === document.activeElement && control?.matches(":focus-visible");
      }),
    });
  }

  paint() {
    if (!this.#width || !this.scene.marks) return;
    const narrow = this.#narrow;
    const height = this.scene.height[narrow ? 1 : 0];
    this.svg.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
    this.svg.style.height = `${height}px`;
    patch(this.svg, this.drawing().nodes());
  }

  // The words: title, step, question, readout, and what policies say.
  #write() {
    const { readout, more } = this.scene;
    const asking = this.asking;
    const title = asking ? this.scene.asking_title : this.scene.title;
    if (this.#parts.title && this.#parts.title.textContent !== title) this.#parts.title.textContent = title;
    const said = resolved(readout, this.at);
    const there = "asks" in this.#widget.dataset || (this.#step && this.#isAt(this.#step));
    const guessed = there && this.own("guess");
    const after = guessed ? `${this.scene.after[this.own("guess")] ?? ""} ` : "";
    const { ask, play } = this.#parts;
    // What is not known yet is not played.
    if (play) play.disabled = asking;
    if (ask) {
      for (const question of ask.querySelectorAll("[data-question]")) {
        question.hidden = !asking || Number(question.dataset.question) !== this.#number;
      }
      ask.hidden = !asking;
      this.#parts.readout.hidden = asking;
    }
    // Without words of the stage, the widget's module writes them.
    if (!asking && said && this.#parts.readout.innerHTML !== after + said) this.#parts.readout.innerHTML = after + said;
    if (more.speech) say(this.#widget, more.speech, more.phrases, this.at);
    this.svg?.setAttribute("aria-label", `${this.scene.alt}. ${asking ? "" : this.#parts.readout.textContent}`);
  }

  // Which step is current, and whether it was left.
  #mark() {
    const current = this.#step;
    const left = this.left;
    for (const step of this.#steps) {
      step.classList.toggle("left", step === current && left);
      if (step === current) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
    const [sentence, said] = [this.#parts.say, this.scene.more?.own || this.#sentence];
    if (sentence && said && sentence.innerHTML !== said) sentence.innerHTML = said;
    const range = this.#parts["at-range"];
    if (!range) return;
    range.value = String(this.at);
    const says = this.scene.more.valuetext;
    if (says) range.setAttribute("aria-valuetext", resolved(says, this.at));
  }

  // The sentence of the current step, unless the parameters have made it false.
  get #sentence() {
    const step = this.#step;
    if (!step) return "";
    if ("always" in step.dataset || this.#isAt(step)) return step.dataset.sentence;
    return `<b>Custom settings.</b> Press ${step.dataset.step} to reset them.`;
  }

  /** What to announce: the words under the drawing. */
  get words() {
    return this.asking ? this.#parts.ask.textContent.trim() : this.#parts.readout.textContent;
  }

  // ---- the scrub ----------------------------------------------------------------------------------

  /** @param {number} place */
  goTo(place) {
    if (this.asking) place = Math.min(place, this.scene.known);
    const from = this.#moving?.panels ?? this.#panels;
    this.#set("at", place);
    this.#mark();
    const to = this.#panels;
    if (String(from) === String(to) || still.matches) this.paint();
    else this.#tween({ ...this.scene, panels: from }, { ...this.scene, panels: to });
    this.#write();
  }

  // Where the panels lie at the place of the scrub: some zoom.
  get #panels() {
    return this.scene.panels.map((/** @type {any[]} */ boxes) => boxes.map((box) => resolved(box, this.at)));
  }

  /** The reader has moved the scrub. */
  scrubbed() {
    this.pause();
    this.goTo(Number(this.#parts["at-range"].value));
    this.#widget.followUrl({ dragged: true });
    this.#widget.announce(this.words);
  }

  /** Play through the places once, from the present one or, at the end, from the first.
   *  @param {number} from */
  play(from = this.at) {
    const last = this.scene.places - 1;
    const { ms = 4000, bend = 1 } = this.scene.more?.play ?? {};
    this.pause();
    if (still.matches) {
      this.goTo(last);
      this.#widget.followUrl();
      return;
    }
    const start = from >= last ? 0 : from;
    const begun = performance.now();
    this.#icon(true);
    this.#widget.quiet = true;
    const go = () => {
      // By default evenly; else as the axis bends, so that the scrub runs evenly over the page.
      const low = start ** bend;
      const value = low + ((performance.now() - begun) / ms) * (last ** bend);
      const place = Math.min(last, Math.round(value ** (1 / bend)));
      this.goTo(place);
      if (place < last) this.#playing = requestAnimationFrame(go);
      else this.pause();
    };
    this.#playing = requestAnimationFrame(go);
  }

  pause() {
    if (this.#playing) {
      cancelAnimationFrame(this.#playing);
      this.#widget.quiet = false;
      this.#widget.followUrl();
      this.#widget.announce(this.words);
    }
    this.#playing = 0;
    this.#icon(false);
  }

  /** @param {boolean} playing */
  #icon(playing) {
    this.#parts.play?.classList.toggle("playing", playing);
    this.#parts.play?.setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  // ---- handles ------------------------------------------------------------------------------------

  /** The native control behind a handle, by its first parameter.
   *  @param {string} param @returns {any} */
  control(param) {
    return param === "at" ? this.#parts["at-range"] : this.#widget.querySelector(`[data-range-for="${param}"]`);
  }

  /** @param {Scene} handle */
  #still(handle) {
    return this.asking || handle.params.some((/** @type {string} */ name) => this.#widget.holds(name));
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button) return;
    this.pause();
    const drawing = this.drawing();
    const where = (/** @type {PointerEvent} */ moved) => {
      const { left, top } = this.svg.getBoundingClientRect();
      return /** @type {Pixels} */ ([moved.clientX - left, moved.clientY - top]);
    };
    const [px, py] = where(event);
    let [best, nearest] = [/** @type {Scene | null} */ (null), Infinity];
    for (const handle of this.scene.handles) {
      if (this.#still(handle) || (handle.only && (handle.only === "narrow") !== this.#narrow)) continue;
      const [x, y] = drawing.knob(handle);
      const far = handle.along === "y" ? Math.abs(y - py) * 0.35 + Math.abs(x - px) : Math.abs(x - px) + Math.abs(y - py) * 0.35;
      if (far < nearest) [best, nearest] = [handle, far];
    }
    if (!best) return;
    const handle = best;
    const [x, y] = drawing.knob(handle);
    const [ox, oy] = handle.along !== "points" && Math.hypot(x - px, y - py) < NEAR ? [x - px, y - py] : [0, 0];
    const from = handle.params.map((/** @type {string} */ name) => Number(this.control(name)?.value));
    this.#widget.classList.add("dragging");
    const moveTo = (/** @type {PointerEvent} */ moved) => {
      const [mx, my] = where(moved);
      this.#moveTo(handle, [mx + ox, my + oy], from);
    };
    // A finger may be about to scroll the page: it moves nothing before it goes along the handle's way, or
    // is lifted where it came down.
    let waits = event.pointerType === "touch";
    const way = (/** @type {PointerEvent} */ moved) => where(moved).map((at, i) => Math.abs(at - [px, py][i]));
    const move = (/** @type {PointerEvent} */ moved) => {
      const [across, down] = way(moved);
      if (waits && (Math.max(across, down) < SLOP || (handle.along === "x" && down > across))) return;
      waits = false;
      moveTo(moved);
    };
    const end = (/** @type {any} */ ended) => {
      if (waits && ended.type === "pointerup" && Math.max(...way(ended)) < SLOP) moveTo(ended);
      this.#widget.classList.remove("dragging");
      for (const about of ["pointerup", "pointercancel"]) removeEventListener(about, end);
      removeEventListener("pointermove", move);
    };
    addEventListener("pointermove", move);
    for (const about of ["pointerup", "pointercancel"]) addEventListener(about, end);
    this.control(handle.params[0])?.focus({ preventScroll: true, focusVisible: false });
    if (!waits) moveTo(event);
  }

  /** @param {Scene} handle @param {Pixels} pointer @param {number[]} from */
  #moveTo(handle, pointer, from) {
    const drawing = this.drawing();
    const track = handle.track.map((/** @type {any} */ pt) => drawing.px(pt));
    const control = this.control(handle.params[0]);
    const [low, high, step] = [control.min, control.max, control.step].map(Number);
    const [first, last] = handle.span ?? [0, 1];
    const share = clamp(nearestShare(track, pointer, handle.along), first, last);
    const rounded = low + Math.round((share * (high - low)) / step) * step;
    if (handle.params.length > 1) this.#shift(handle.params, from, rounded - from[0], step);
    else if (Math.abs(Number(control.value) - rounded) > step / 2) {
      control.value = String(Number(rounded.toFixed(9)));
      control.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  /** Move several parameters by as much, as far as all of them go.
   *  @param {string[]} params @param {number[]} from @param {number} by @param {number} step */
  #shift(params, from, by, step) {
    const ranges = params.map((name) => this.control(name));
    const least = Math.max(...ranges.map((range, i) => Number(range.min) - from[i]));
    const most = Math.min(...ranges.map((range, i) => Number(range.max) - from[i]));
    const shift = Math.round(clamp(by, least, most) / step) * step;
    if (Math.abs(Number(ranges[0].value) - from[0] - shift) < step / 2) return;
    params.forEach((name, i) => this.#widget.setParam(name, Number((from[i] + shift).toFixed(9))));
    this.#widget.moved(params.join("+"));
  }

  // Arrows up and down lead to the nearest place of the next row, of a scrub that has rows.
  /** @param {KeyboardEvent} event */
  #changeRow(event) {
    const by = { ArrowDown: -1, ArrowUp: 1 }[event.key];
    /** @type {number[][]} */
    const rows = this.scene.more?.rows;
    const range = this.#parts["at-range"];
    if (!by || !rows || event.target !== range) return;
    event.preventDefault();
    const row = rows.findIndex((places) => places.includes(this.at));
    const { track } = this.scene.handles[0];
    const away = (/** @type {number} */ place) => Math.abs(track[place][1] - track[this.at][1]);
    const next = rows[(row + by + rows.length) % rows.length];
    range.value = String([...next].sort((one, other) => away(one) - away(other))[0]);
    this.scrubbed();
  }

  // Shift with an arrow key moves all parameters of a handle that has several.
  /** @param {KeyboardEvent} event */
  #onKey(event) {
    this.#changeRow(event);
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const name = /** @type {any} */ (event.target).dataset?.rangeFor;
    const group = this.scene.handles?.find((/** @type {Scene} */ h) => h.params.length > 1 && h.params.includes(name));
    if (!by || !event.shiftKey || !group || this.#still(group)) return;
    event.preventDefault();
    const from = group.params.map((/** @type {string} */ param) => Number(this.control(param).value));
    const step = Number(this.control(group.params[0]).step);
    this.#shift(group.params, from, by * step, step);
  }
}
