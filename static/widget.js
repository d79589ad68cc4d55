// <dpo-widget>: the life cycle of every widget. The optional module static/widgets/N.js adds what is particular to one.
//
// The server sends the widget complete, with its result as JSON. When it comes near the screen, the module is loaded
// and draws; when a control changes, the new result is fetched and shown. For a slider whose range has been loaded
// (static/ranges.js), it is shown at once.
import { element } from "./dom.js";
import { Figure as Stage } from "./figure.js";
import { at, written } from "./format.js";
import { opensElsewhere } from "./links.js";
import { Ranges } from "./ranges.js";
import { ask } from "./server.js";

const DEBOUNCE_MS = 40; // for numbers, which may change quickly
// How long a slider waits for its range before it requests a single result.
const PATIENCE_MS = 800;
// Browsers limit how often a page may change its address.
const ADDRESS_MS = 350;
const NEAR = "300px";
// Announcing every result of a drag would interrupt the one before.
const SETTLED_MS = 500;

export class DpoWidget extends HTMLElement {
  quiet = false;
  /** Whether the shown result was computed on the reader's machine, on a page from a server. */
  computedHere = false;
  name = "";
  /** For the module's own use.
   *  @type {any} */
  state = null;
  /** @type {WidgetModule | null} */
  #module = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  #timer = 0;
  #saying = 0;
  #addressTimer = 0;
  #addressAt = 0;
  // Read once for all that a move of a handle asks.
  /** @type {URLSearchParams | null} */
  #params = null;
  /** @type {AbortController | null} */
  #request = null;
  /** @type {Ranges | null} */
  #ranges = null;
  #unanswered = "";
  /** The last valid value of each control, which stands for an invalid one.
   *  @type {Map<string, string>} */
  #valid = new Map();
  #missing = false;
  /** @type {IntersectionObserver | null} */
  #observer = null;
  #flags = new URLSearchParams();
  /** Settled when the widget has come near the screen and draws: @type {PromiseWithResolvers<void>} */
  #drawn = Promise.withResolvers();
  /** The figure of a widget with a stage.
   *  @type {Stage | null} */
  figure = null;

  connectedCallback() {
    this.name = this.getAttribute("name") ?? "";
    this.form = this.querySelector("form");
    this.result = JSON.parse(this.querySelector("script[data-result]").textContent);
    for (const control of this.querySelectorAll("[data-by-script]")) control.disabled = false;
    // Flags of the page are not part of the state: the form sends them only without JavaScript.
    for (const flag of this.querySelectorAll("[data-flag]")) {
      this.#flags.set(flag.name, flag.value);
      flag.remove();
    }
    this.#ranges = new Ranges(this, () => {
      if (this.#unanswered) this.#follow(this.#unanswered);
    });
    this.form.addEventListener("input", (/** @type {Event} */ event) => this.#soon(() => this.#onInput(event)));
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#soon(() => this.submit());
    });
    // A sandbox without allow-forms submits nothing, but the click of the button comes before that.
    this.form.addEventListener("click", (/** @type {any} */ event) => {
      if (event.target.closest("button")?.type !== "submit") return;
      event.preventDefault();
      if (this.form.reportValidity()) this.#soon(() => this.submit());
    });
    for (const range of this.querySelectorAll("[data-range-for]")) this.#syncRange(range);
    // Number boxes stand under the drawing for readers without script.
    this.querySelector(".settings")?.prepend(...this.querySelectorAll(".fig-numbers > .control"));
    this.figure = new Stage(this);
    for (const about of ["pointerenter", "pointerdown", "pointerup", "focusin"]) {
      this.addEventListener(about, () => this.#ranges?.prepareAll(this.figure?.scene.handles ?? []));
    }
    this.addEventListener("click", (event) => this.#onClick(event));
    // What Details hold is loaded when they are opened; this event does not bubble.
    this.addEventListener("toggle", (event) => this.#onToggle(event), true);
    this.#observer = new IntersectionObserver((entries) => this.#onVisible(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: NEAR,
    });
    this.#observer.observe(this);
  }

  disconnectedCallback() {
    this.#observer?.disconnect();
    this.#request?.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#saying);
    clearTimeout(this.#addressTimer);
    this.#module?.stop?.(this);
  }

  /** Resolved when the widget has come near the screen and its module is there. */
  get drawn() {
    return this.#drawn.promise;
  }

  // ---- for modules -------------------------------------------------------------------------

  /** The state of the controls, optionally with changes, as query parameters without defaults. Private controls, such
   *  as a reader's text or file, are never part of an address; an invalid one counts as it last was. */
  /** @param {Record<string, any>} changes */
  params(changes = {}) {
    if (Object.keys(changes).length) return this.#read(changes);
    if (!this.#params) {
      this.#params = this.#read({});
      queueMicrotask(() => (this.#params = null));
    }
    return new URLSearchParams(this.#params);
  }

  /** @param {Record<string, any>} changes */
  #read(changes) {
    const params = new URLSearchParams();
    for (const [name, given] of new FormData(this.form)) {
      if (name.includes(".")) continue; // the page's own state
      if (this.form.elements[name].dataset?.private !== undefined) continue;
      const value = String(changes[name] ?? this.#lastValid(name, String(given)));
      const usual = this.defaultOf(name);
      // A default may be written in another way, such as 0 for 0.0; an empty one is no number.
      const same = value === usual || (usual !== "" && Number(value) === Number(usual));
      if (value !== "" && !same) params.append(name, value);
    }
    return params;
  }

  /** The query string of the widget's own page in this state, with the flags of the page.
   *  @param {Record<string, any>} changes */
  pageQuery(changes = {}) {
    const own = this.figure?.address() ?? [];
    const query = new URLSearchParams([...this.params(changes), ...own, ...this.#flags]).toString();
    return query && `?${query}`;
  }

  /** The query string of the page that the widget is on, with the states of all figures that follow its address.
   *  @param {Record<string, any>} changes */
  hereQuery(changes = {}) {
    if (!this.hasAttribute("data-follow-url")) return this.pageQuery(changes);
    /** @type {NodeListOf<DpoWidget>} */
    const figures = document.querySelectorAll("dpo-widget[data-follow-url]");
    const all = [...figures].flatMap((figure) => figure.#entries(figure === this ? changes : {}));
    const query = new URLSearchParams([...all, ...this.#flags]).toString();
    return query && `?${query}`;
  }

  /** Whether a parameter is hidden or locked by the page's flags, so that nothing may change it.
   *  @param {string} name */
  holds(name) {
    return this.dataset.held?.split(" ").includes(name) ?? false;
  }

  /** Set a control unless it is held; the result is fetched only by refresh().
   *  @param {string} name @param {any} value */
  setParam(name, value) {
    if (this.holds(name)) return;
    const control = this.form.elements[name];
    control.value = String(value);
    this.#params = null;
    const range = this.querySelector(`[data-range-for="${name}"]`);
    if (range) this.#syncRange(range);
  }

  /** Set another seed, one that is probably new. */
  newSeed() {
    this.setParam("seed", crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
  }

  /** Show the state of the controls, by a run if the widget has one, else by a request. */
  submit() {
    if (this.#module?.submit) this.#module.submit(this);
    else this.refresh();
  }

  /** Address of this widget's endpoint in its present state; `suffix` such as "/stream". */
  api(suffix = "") {
    const query = this.params().toString();
    return `${this.dataset.api}${suffix}${query && `?${query}`}`;
  }

  /** Address of the result as this page needs it, in its present state. */
  answer() {
    const query = this.params().toString();
    return `${this.dataset.answer ?? this.dataset.api}${query && `?${query}`}`;
  }

  /** Several controls have been moved together: show their state.
   *  @param {string} along */
  moved(along) {
    this.#follow(along);
  }

  /** Set every control from a query, those it does not name to their defaults, and show that state.
   *  @param {string} query */
  setState(query) {
    const wanted = new URLSearchParams(query);
    for (const name of new Set([...this.form.elements].map((control) => control.name))) {
      if (name && !name.includes(".")) this.setParam(name, wanted.get(name) ?? this.defaultOf(name));
    }
    this.refresh();
  }

  /** Fetch the result for the present state and show it. A newer call drops an older response. A module's own
   *  `ask(widget, signal)` may make the request; if it returns nothing, the usual one is made. */
  async refresh() {
    this.dropRequest();
    const request = (this.#request = new AbortController());
    this.figure?.stale(true);
    this.followUrl();
    this.setBusy(true);
    try {
      await this.#loading; // the module may ask for something else than the usual result
      if (request.signal.aborted) return;
      const own = this.#module?.ask?.(this, request.signal);
      const answer = await (own ?? ask(this, request.signal));
      const body = await answer.json();
      if (request.signal.aborted) return;
      if (answer.ok) this.show(body);
      else this.fail(body.detail, body.retry_after);
    } catch {
      if (!request.signal.aborted) this.fail("The server did not answer. Change a control to try again.");
    } finally {
      if (this.#request === request) this.setBusy(false);
    }
  }

  /** The pending request is obsolete: a late response will not be shown. */
  dropRequest() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
    this.setBusy(false);
  }

  /** Show a result: every bound output, then everything that is drawn.
   *  @param {Result} result */
  show(result) {
    this.result = result;
    this.#unanswered = "";
    this.clearError();
    this.bind(result);
    this.#draw(result);
    // For surrounding pages, such as that of a course package (static/scorm.js).
    this.dispatchEvent(new CustomEvent("dpo-result", { bubbles: true, detail: result }));
    this.announce(this.figure?.words ?? result.finding);
  }

  /** Write the bound outputs; of a partial result, only those that it has.
   *  @param {Result} result */
  bind(result) {
    for (const output of this.querySelectorAll("[data-field]")) {
      const path = output.dataset.field;
      if (path.split(".")[0] in result) output.textContent = written(at(result, path), output.dataset.format);
    }
    for (const list of this.querySelectorAll("[data-phrases]")) this.#colorPhrases(list, result);
  }

  /** Announce a text to screen readers, only the last of several in quick succession, and none while `quiet`, which
   *  a module sets while it goes from state to state by itself. */
  /** @param {string} text */
  announce(text) {
    clearTimeout(this.#saying);
    if (this.quiet) return;
    this.#saying = setTimeout(() => {
      this.querySelector("[data-live]").textContent = text;
    }, SETTLED_MS);
  }

  /** Show an error, and the seconds after which to try again; the last result stays.
   *  @param {string} message @param {number} wait */
  fail(message, wait = 0) {
    if (!this.#missing) this.#error(wait ? `${message} Try again in ${wait} s.` : message);
  }

  /** Clear an error, unless it is that a part of the page is missing or a number is invalid. */
  clearError() {
    if (!this.#missing) this.#error(this.#invalid());
  }

  /** Await something that is loaded when needed; if it cannot be loaded, show an error and return null. This happens
   *  to pages that were opened before an upgrade, since the addresses of modules change. */
  /** @template T @param {Promise<T>} loading @returns {Promise<T | null>} */
  async loaded(loading) {
    try {
      const found = await loading;
      if (this.#missing) this.#error("");
      this.#missing = false;
      return found;
    } catch {
      this.#missing = true;
      this.#error("A part of this page could not be loaded. The site may have been updated since the page was opened.");
      const reload = element("button", "Reload the page", { type: "button", "data-reload": "" });
      reload.addEventListener("click", () => location.reload());
      this.querySelector("[data-error]").append(" ", reload);
      return null;
    }
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.querySelector("[data-core]").setAttribute("aria-busy", String(busy));
  }

  /** Update the address bar and the links: at once, but in a drag after the drawing, and only now and then, since
   *  browsers limit how often an address may change. */
  followUrl({ dragged = false } = {}) {
    const page = this.pageQuery();
    const params = this.params().toString();
    const state = params && `?${params}`;
    /** @type {Record<string, string>} */
    const addresses = {
      page: this.dataset.page + page,
      api: this.dataset.api + state,
      receipt: `${this.dataset.page}/receipt${state}`,
      share: `${this.dataset.page}/share${page}`,
    };
    for (const link of this.querySelectorAll("[data-link]")) link.href = addresses[link.dataset.link];
    if (!this.hasAttribute("data-follow-url")) return;
    const wait = this.#addressAt + ADDRESS_MS - performance.now();
    if (!dragged) this.#writeAddress();
    else this.#addressTimer ||= setTimeout(() => this.#writeAddress(), Math.max(0, wait));
  }

  // ---- inside --------------------------------------------------------------------------------

  // The state as parameters of the page: those that other figures of it have as well are named with the widget.
  /** @param {Record<string, any>} changes @returns {string[][]} */
  #entries(changes) {
    const shared = this.dataset.shared?.split(" ") ?? [];
    const params = [...this.params(changes)].map(([name, value]) => [shared.includes(name) ? `${this.name}.${name}` : name, value]);
    return [...params, ...(this.figure?.address() ?? [])];
  }

  /** @param {boolean} near */
  async #onVisible(near) {
    if (!near) {
      this.#module?.pause?.(this);
      return;
    }
    if (this.#module || this.#loading) return;
    this.#loading = this.#load();
    await this.#loading;
    this.#loading = null;
  }

  async #load() {
    const found = "script" in this.dataset ? await this.loaded(import(`./widgets/${this.name}.js`)) : { default: {} };
    if (!found) return;
    this.#module = found.default;
    this.#module?.start?.(this);
    this.#draw(this.result);
    this.dataset.ready = "";
    this.#drawn.resolve();
    this.figure?.start();
  }

  // What a reader does while the module is loaded waits for it: it may ask for something else than the usual result.
  /** @param {() => void} then */
  #soon(then) {
    if (this.#loading) this.#loading.then(then);
    else then();
  }

  // Draw nothing without the module: a chart must not clear the error that a part is missing.
  /** @param {Result} result */
  #draw(result) {
    if (!this.#module) return;
    this.figure?.show(result.scene);
    this.#module.draw?.(this, result);
  }

  /** @param {any} event */
  async #onToggle({ target }) {
    if (target.open && target.matches("[data-details]")) (await this.loaded(import("./explore.js")))?.follow(this);
  }

  // Every number opens its receipt, and so does a link, for keyboard users. Another link opens the snippets for
  // sharing.
  /** @param {any} event */
  async #onClick(event) {
    const explore = event.target.closest("[data-explore-open]");
    if (explore) {
      (await this.loaded(import("./explore.js")))?.explore(this, explore);
      return;
    }
    if (!this.dataset.receipt) return; // an offline copy has neither receipts nor a page to share
    const share = event.target.closest("[data-link=share]");
    if (share) {
      if (opensElsewhere(event)) return;
      event.preventDefault();
      (await this.loaded(import("./share.js")))?.showShare(this);
      return;
    }
    const link = event.target.closest("[data-link=receipt]");
    // Table cells hold numbers of the result even if they are not bound.
    const number = event.target.closest('[data-field]:not([data-format="text"]), [data-tables] :is(td, dd)');
    if (number && event.target.closest("a, button, input, label")) return;
    if (!number && (!link || opensElsewhere(event))) return;
    event.preventDefault();
    const path = number?.dataset.field ?? number?.querySelector("[data-field]")?.dataset.field;
    (await this.loaded(import("./receipt.js")))?.showReceipt(this, path);
  }

  /** @param {any} event */
  #onInput(event) {
    const target = event.target;
    if ("atRange" in target.dataset) {
      this.figure?.scrubbed();
      return;
    }
    if (target.dataset.rangeFor) {
      this.form.elements[target.dataset.rangeFor].value = this.#fromRange(target);
    } else {
      const range = this.querySelector(`[data-range-for="${target.name}"]`);
      if (range && target.validity.valid) this.#syncRange(range);
    }
    this.#params = null;
    for (const range of this.querySelectorAll("[data-range-for]")) this.#describe(range);
    this.clearError();
    if (this.#module?.changed?.(this, target) === false) return;
    clearTimeout(this.#timer);
    if (target.name && !target.validity.valid) return;
    this.#follow(target.dataset.rangeFor ?? target.name);
  }

  // Show the state after a control has changed: at once if its range is there, else by a request.
  /** @param {string} changed */
  #follow(changed) {
    const result = this.#ranges?.result(changed) ?? this.#module?.known?.(this);
    this.dropRequest();
    if (result) {
      this.followUrl({ dragged: true });
      this.show(result);
      return;
    }
    this.#unanswered = changed;
    this.figure?.stale(true);
    const settles = this.form.elements[changed]?.type === "number" ? DEBOUNCE_MS : 0;
    this.#timer = setTimeout(() => this.refresh(), this.#ranges?.awaited(changed) ? PATIENCE_MS : settles);
  }

  #writeAddress() {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = 0;
    this.#addressAt = performance.now();
    try {
      history.replaceState(null, "", `${location.pathname}${this.hereQuery()}${location.hash}`);
    } catch {
      // Some browsers let no page from disk change its address; its links have the state.
    }
  }

  // The color of a phrase's chip shows whether it became more or less likely.
  /** @param {HTMLElement} list @param {Result} result */
  #colorPhrases(list, result) {
    at(result, list.dataset.phrases ?? "")?.forEach((/** @type {any} */ phrase, /** @type {number} */ i) => {
      list.children[i].classList.toggle("gained", phrase.log_ratio >= 0);
      list.children[i].classList.toggle("lost", phrase.log_ratio < 0);
    });
  }

  /** @param {string} name @param {string} given */
  #lastValid(name, given) {
    const control = this.form.elements[name];
    if (control.validity?.valid === false) return this.#valid.get(name) ?? control.defaultValue;
    this.#valid.set(name, given);
    return given;
  }

  #invalid() {
    const wrong = this.form.querySelector(":invalid");
    if (!wrong) return "";
    const title = wrong.labels?.[0]?.textContent.trim() ?? wrong.name;
    if (wrong.validity.stepMismatch) return `${title}: in steps of ${wrong.step}.`;
    return wrong.min !== "" ? `${title}: from ${wrong.min} to ${wrong.max}.` : `${title}: ${wrong.validationMessage}`;
  }

  /** @param {string} message */
  #error(message) {
    const place = this.querySelector("[data-error]");
    place.textContent = message ?? "";
    place.hidden = !message;
  }

  /** The default of a control.
   *  @param {string} name @returns {string | undefined} */
  defaultOf(name) {
    const control = this.form.elements[name];
    if (control instanceof RadioNodeList) return control[0].closest("[data-default]")?.dataset.default;
    return control?.dataset.default;
  }

  // Positions of logarithmic sliders run from 0 to the last over the logarithm of the range.
  /** @param {any} range */
  #fromRange(range) {
    const box = this.form.elements[range.dataset.rangeFor];
    if (range.dataset.values) return range.dataset.values.split(" ")[range.value];
    if (!("log" in range.dataset)) return range.value;
    const [low, high] = [Math.log(box.min), Math.log(box.max)];
    return String(Number(Math.exp(low + (range.value / range.max) * (high - low)).toPrecision(2)));
  }

  /** @param {any} range */
  #syncRange(range) {
    const box = this.form.elements[range.dataset.rangeFor];
    if ("log" in range.dataset) {
      const [low, high] = [Math.log(box.min), Math.log(box.max)];
      range.value = String((range.max * (Math.log(box.value) - low)) / (high - low));
    } else {
      range.value = range.dataset.values ? String(range.dataset.values.split(" ").indexOf(box.value)) : box.value;
    }
    this.#describe(range);
  }

  /** @param {any} range */
  #describe(range) {
    const box = this.form.elements[range.dataset.rangeFor];
    const unit = range.dataset.unit ? ` ${range.dataset.unit}` : "";
    const said = box.selectedOptions?.[0].text ?? `${box.value}${unit}`;
    if (box.validity.valid) range.setAttribute("aria-valuetext", said);
  }
}

customElements.define("dpo-widget", DpoWidget);
