// One question at a time. Every sheet has the same questions: a new seed changes their order, the order of options, and
// the numbers in their texts. So the server's elements are moved and rewritten, never replaced. The part of the quiz at
// the end of a section shows those of its questions out of the whole sheet.
import { follow, forget, given, keep } from "../answers.js";
import { element } from "../dom.js";
import { ask } from "../server.js";
import { sheetOf } from "../sheet.js";

const LETTERS = "abcd";

/** @type {(widget: Widget, id: string) => any} */
const questionOf = (widget, id) => widget.querySelector(`[data-question="${id}"]`);

/** The question that is shown.
 *  @type {(widget: Widget) => any} */
const shown = (widget) => widget.result.questions[/** @type {any} */ (widget.figure).at - 1];

// Sort children, changing nothing if they are in order: moving an element loses its focus.
/** @type {(parent: Element, wanted: Element[]) => void} */
const arrange = (parent, wanted) => {
  if (wanted.some((child, i) => parent.children[i] !== child)) parent.append(...wanted);
};

/** @type {Map<boolean | null, [string, string, string]>} */
const VERDICTS = new Map([
  [null, ["open", "", ""]],
  [true, ["right", "Right.", "c-opt"]],
  [false, ["wrong", "Not right.", "c-rej"]],
]);

/** @type {(question: any) => [string, string, string]} */
const verdictOf = ({ correct }) => VERDICTS.get(correct) ?? ["open", "", ""];

// An answer stays once there is a verdict on it. Its controls are not disabled: the form would not send it.
/** @type {(widget: Widget, place: HTMLElement, closed: boolean) => void} */
const close = (widget, place, closed) => {
  for (const input of place.querySelectorAll("input")) {
    if (input.type === "radio") input.setAttribute("aria-disabled", String(closed && !input.checked));
    else input.readOnly = closed || widget.holds(input.name);
  }
};

/** @type {(target: any) => boolean} */
const isClosed = (target) => !["open", undefined].includes(target.closest("[data-question]")?.dataset.verdict);

// ---- drawing ------------------------------------------------------------------------------------

// A page has the texts of its open questions, and its result leaves them out.
/** @type {(place: any, question: any) => void} */
const drawTexts = (place, { text, options }) => {
  if (!text) return;
  place.querySelector("[data-text]").textContent = text;
  for (const option of options) place.querySelector(`[data-option="${option.id}"] span`).textContent = option.text;
  const list = place.querySelector("[data-options]");
  if (list) arrange(list, options.map((/** @type {any} */ { id }) => list.querySelector(`[data-option="${id}"]`)));
};

/** @type {(widget: Widget, question: any, number: number) => void} */
const drawQuestion = (widget, question, number) => {
  const place = questionOf(widget, question.id);
  /** @type {(name: string) => any} */
  const part = (name) => place.querySelector(`[data-${name}]`);
  part("number").textContent = `${number}.`;
  drawTexts(place, question);
  place.querySelectorAll("[data-option]").forEach((/** @type {any} */ label, /** @type {number} */ i) => {
    label.querySelector("input").setAttribute("aria-keyshortcuts", LETTERS[i]);
    label.toggleAttribute("data-right", label.querySelector("span").textContent === question.right_answer);
  });
  const [verdict, words, css] = verdictOf(question);
  const closed = verdict !== "open";
  place.dataset.verdict = verdict;
  close(widget, place, closed);
  part("feedback").hidden = question.feedback === null;
  Object.assign(part("verdict-text"), { textContent: words, className: css, hidden: !closed });
  const corrected = question.kind === "number" && verdict === "wrong";
  part("correction").replaceChildren(...(corrected ? ["It is ", element("b", question.right_answer), "."] : []));
  part("explanation").textContent = question.feedback ?? "";
  part("answer").hidden = !closed;
  part("right-answer").textContent = question.right_answer ?? "";
  part("receipt").hidden = question.receipt === null;
  part("receipt").querySelector("code").textContent = question.receipt ?? "";
};

/** @type {(widget: Widget, number: number, question: any) => void} */
const drawDot = (widget, number, question) => {
  const dot = widget.querySelector(`[data-dot="${number}"]`);
  if (!dot) return;
  const [verdict] = verdictOf(question);
  const current = question === shown(widget);
  dot.className = verdict === "open" ? "" : verdict;
  dot.hidden = questionOf(widget, question.id).hidden;
  dot.toggleAttribute("data-here", current);
  const button = dot.querySelector("button");
  button.setAttribute("aria-label", `Question ${number}${verdict === "open" ? "" : `, ${verdict}`}`);
  if (current) button.setAttribute("aria-current", "step");
  else button.removeAttribute("aria-current");
};

/** The number of the next question in a direction; those that the page hides are left out. 0 if there is none.
 *  @type {(widget: Widget, by: number) => number} */
const beside = (widget, by) => {
  const { questions } = widget.result;
  let to = /** @type {any} */ (widget.figure).at + by;
  while (questions[to - 1] && questionOf(widget, questions[to - 1].id).hidden) to += by;
  return questions[to - 1] ? to : 0;
};

/** @type {(to: Element, from: Element) => void} */
const copy = (to, from) => to.replaceChildren(...from.cloneNode(true).childNodes);

/** The number of the first other question without an answer; 0 if there is none.
 *  @type {(widget: Widget) => number} */
const firstOpen = (widget) => {
  /** @type {(question: any) => boolean} */
  const open = (question) => question.correct === null && !questionOf(widget, question.id).hidden;
  return widget.result.questions.findIndex((/** @type {any} */ question) => open(question) && question !== shown(widget)) + 1;
};

// Show the question at the figure's place, and what is said of its answer.
/** @type {(widget: Widget) => void} */
const turn = (widget) => {
  const { questions, score, answered } = widget.result;
  const question = shown(widget);
  const place = questionOf(widget, question.id);
  for (const other of widget.querySelectorAll("[data-question]")) {
    other.toggleAttribute("data-shown", other === place);
    other.querySelector("fieldset").toggleAttribute("data-primary", other === place);
  }
  const number = questions.indexOf(question) + 1;
  const { section } = place.dataset;
  widget.querySelector("[data-where]").textContent = `Question ${number} of ${questions.length}${section && `, ${section}`}`;
  questions.forEach((/** @type {any} */ one, /** @type {number} */ i) => drawDot(widget, i + 1, one));
  const [back, next] = widget.querySelectorAll("[data-turn]");
  back.disabled = !beside(widget, -1);
  const ends = !beside(widget, 1);
  const told = widget.querySelector("[data-details] > summary").checkVisibility();
  next.textContent = ends && told ? "Result" : "Next";
  next.disabled = ends && !told;
  next.classList.toggle("main", question.correct !== null);
  const tally = answered ? `${score} right of ${answered}` : "";
  const readout = widget.querySelector("[data-readout]");
  if (question.feedback === null) readout.textContent = tally && `${tally} so far.`;
  else copy(readout, place.querySelector("[data-feedback]"));
  widget.querySelector("[data-result-state]").textContent = tally || "your result";
  const open = firstOpen(widget);
  Object.assign(widget.querySelector("[data-open]"), { textContent: `Go to question ${open}`, hidden: !open });
  const behind = widget.querySelector("[data-behind]");
  behind.hidden = question.correct === null;
  copy(behind, place.querySelector("[data-answer]"));
};

// ---- going and answering --------------------------------------------------------------------------

/** Focus the question that is shown: screen readers then read it.
 *  @type {(widget: Widget) => void} */
const arrive = (widget) => {
  questionOf(widget, shown(widget).id).querySelector("fieldset").focus({ preventScroll: true });
  if (widget.getBoundingClientRect().top < 0) widget.scrollIntoView({ block: "start" });
};

/** @type {(widget: Widget, number: number) => void} */
const go = (widget, number) => {
  widget.figure?.goTo(number);
  turn(widget);
  widget.followUrl();
  arrive(widget);
};

/** @type {(widget: Widget) => void} */
const showResult = (widget) => {
  const details = widget.querySelector("[data-details]");
  details.open = true;
  details.scrollIntoView({ block: "nearest" });
  details.querySelector('[data-field="finding"]').focus({ preventScroll: true });
};

// Request the verdict on the answer to a question.
/** @type {(widget: Widget, control: any) => Promise<void>} */
const answer = async (widget, control) => {
  const { state } = widget;
  state.waiting = null;
  state.answered = control.name;
  state.asked = control.name;
  await widget.refresh();
  state.asked = null;
};

/** @type {(widget: Widget, kinds: string[]) => void} */
const empty = (widget, kinds) => {
  const { state } = widget;
  state.waiting = null;
  state.answered = null;
  for (const input of widget.querySelectorAll("[data-question] input")) {
    if (!kinds.includes(input.type)) continue;
    if (input.type === "radio") input.checked = false;
    else input.value = "";
  }
  if (widget.figure) widget.figure.place = { at: "" };
};

/** @type {(widget: Widget) => void} */
const clear = (widget) => {
  empty(widget, ["radio", "text"]);
  forget(widget.result.questions.map((/** @type {any} */ { id }) => id));
};

// Show the first open question, unless the address or the reader has named one.
/** @type {(widget: Widget) => void} */
const openAtOpen = (widget) => {
  const to = firstOpen(widget);
  if (!to || shown(widget).correct === null || widget.figure?.own("at")) return;
  widget.figure?.goTo(to);
  turn(widget);
  widget.followUrl();
};

// Answer the open questions that the reader has answered on other pages; what the address says stands. The numbers of
// another seed are others, the options are the same.
/** @type {(widget: Widget) => Promise<void>} */
const recall = async (widget) => {
  const answers = given();
  const { questions, seed } = widget.result;
  // The result of an offline copy does not know yet what its address says.
  const inputs = [...widget.querySelectorAll("[data-question] input")];
  const named = inputs.some(({ type, checked, value }) => (type === "radio" ? checked : value));
  /** @type {(question: any) => boolean} */
  const isTaken = ({ id, kind, answer: said }) => {
    const place = questionOf(widget, id);
    if (!(id in answers) || said !== null || place.hidden || widget.holds(id)) return false;
    const [known, its] = answers[id];
    if (kind === "number" && its !== seed) return false;
    const own = [...place.querySelectorAll("input")];
    const input = kind === "number" ? own[0] : own.find(({ value }) => value === known);
    if (kind === "number") input.value = known;
    else if (input) input.checked = true;
    return Boolean(input);
  };
  if (!questions.filter(isTaken).length) return;
  widget.quiet = true; // none of it is news
  await widget.refresh();
  widget.quiet = false;
  if (!named) openAtOpen(widget);
};

// The questions that the page has, of a whole sheet.
/** @type {(widget: Widget, sheet: Result) => Result} */
const ofPage = (widget, sheet) => {
  const questions = sheet.questions.filter((/** @type {any} */ { id }) => questionOf(widget, id));
  if (questions.length === sheet.questions.length) return sheet;
  const part = sheetOf(sheet, questions);
  const finding = part.answered ? `${part.score} right of ${part.answered} answered.` : `No answers yet: ${part.total} questions.`;
  return { ...part, finding };
};

// An option chosen before any script could notice it.
/** @type {(widget: Widget) => any} */
const chosenEarly = (widget) =>
  widget.result.questions
    .filter((/** @type {any} */ question) => question.answer === null)
    .map((/** @type {any} */ { id }) => questionOf(widget, id).querySelector(":checked"))
    .find(Boolean);

// The questions with options are those of every sheet, and stay answered; numbers are others.
/** @type {(widget: Widget) => Promise<void>} */
const changeSheet = async (widget) => {
  empty(widget, ["text"]);
  await widget.refresh();
  await recall(widget);
  openAtOpen(widget);
};

/** @type {(control: Control) => boolean} */
const isText = (control) => control.type === "text";

/** @type {WidgetModule} */
export default {
  start(widget) {
    const state = (widget.state = {
      answered: null, // the question whose verdict is to be announced
      asked: /** @type {string | null} */ (null), // the one whose verdict has been requested
      waiting: /** @type {any} */ (null), // an option chosen by an arrow key
      arrow: false,
    });

    widget.result = ofPage(widget, widget.result); // before it was near the screen, all results were of whole sheets
    widget.form.addEventListener("click", (/** @type {any} */ event) => {
      if (event.target.type === "radio" && isClosed(event.target)) event.preventDefault();
    });

    // Text and seed count when complete, not at each key.
    widget.form.addEventListener("change", (/** @type {any} */ { target }) => {
      if (isText(target)) answer(widget, target);
      else if (target.name === "seed") changeSheet(widget);
    });

    // Arrow keys move through radio buttons by selecting them. A selection becomes an answer only by Enter or
    // Space, or when the question loses the focus. Letters answer at once.
    widget.form.addEventListener("keydown", (/** @type {any} */ event) => {
      const { target, key } = event;
      state.arrow = key.startsWith("Arrow");
      if (target.type === "radio" && target.checked && key === " ") answer(widget, target);
      if (isText(target) || target.type === "number" || event.ctrlKey || event.metaKey || event.altKey) return;
      const option = questionOf(widget, shown(widget).id).querySelectorAll("[type=radio]")[LETTERS.indexOf(key)];
      if (option && !isClosed(option)) option.click();
    });
    widget.form.addEventListener("keyup", () => {
      state.arrow = false;
    });
    widget.form.addEventListener("focusout", (/** @type {any} */ { target, relatedTarget }) => {
      if (!state.waiting || target.name !== state.waiting.name) return;
      if (relatedTarget?.name !== state.waiting.name) answer(widget, state.waiting);
    });

    for (const button of widget.querySelectorAll("[data-turn]")) {
      button.addEventListener("click", () => {
        // What has just been asked is read first.
        if (state.asked === shown(widget).id) return;
        const to = beside(widget, Number(button.dataset.turn));
        if (to) go(widget, to);
        else showResult(widget);
      });
    }
    widget.querySelector("[data-dots]")?.addEventListener("click", (/** @type {any} */ { target }) => {
      const dot = target.closest("[data-dot]");
      if (dot) go(widget, Number(dot.dataset.dot));
    });
    widget.querySelector("[data-open]").addEventListener("click", () => go(widget, firstOpen(widget)));
    widget.querySelector("[data-new-numbers]")?.addEventListener("click", async () => {
      widget.newSeed();
      await changeSheet(widget);
      arrive(widget);
    });
    widget.querySelector("[data-clear]").addEventListener("click", async () => {
      clear(widget);
      await widget.refresh();
      arrive(widget);
    });
    follow(() => recall(widget));
    const early = chosenEarly(widget);
    recall(widget);
    if (early) answer(widget, early);
  },

  async ask(widget, signal) {
    const response = await ask(widget, signal);
    const body = await response.json();
    const { ok } = response;
    return /** @type {any} */ ({ ok, json: async () => (ok ? ofPage(widget, body) : body) });
  },

  changed(widget, control) {
    if (control.type !== "radio") return false;
    const { state } = widget;
    if (state.arrow) state.waiting = control;
    else answer(widget, control);
    return false;
  },

  // Enter in a question answers it.
  submit(widget) {
    const place = widget.contains(document.activeElement) && document.activeElement?.closest("[data-question]");
    const control = place && place.querySelector("input:checked, input[type=text]");
    if (control && !isClosed(control)) answer(widget, control);
    // A seed has changed the sheet already.
    else if (/** @type {any} */ (document.activeElement)?.name !== "seed") widget.refresh();
  },

  draw(widget, result) {
    const order = result.questions.map((/** @type {any} */ { id }) => questionOf(widget, id));
    arrange(widget.querySelector("[data-sheet]"), order);
    result.questions.forEach((/** @type {any} */ question, /** @type {number} */ i) => drawQuestion(widget, question, i + 1));
    if (questionOf(widget, shown(widget).id).hidden) widget.figure?.goTo(beside(widget, 1) || beside(widget, -1) || 1);
    turn(widget);

    const told = result.questions.find((/** @type {any} */ { id }) => id === widget.state.answered);
    if (told?.feedback) {
      const [, words] = verdictOf(told); // none for a text that cannot be read
      if (words) keep(told.id, told.answer, result.seed);
      // Replaces the readout, which show() announces after drawing.
      queueMicrotask(() => widget.announce(`${words} ${told.feedback} ${result.finding}`));
    }
  },
};
