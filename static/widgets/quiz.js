// Every sheet has the same questions: a new seed changes their order, the order of options, and the numbers in their
// texts. So the server's elements are moved and rewritten, never replaced.

/** @type {(widget: Widget, id: string) => any} */
const questionOf = (widget, id) => widget.querySelector(`[data-question="${id}"]`);

// Sort children, changing nothing if they are in order: moving an element loses its focus.
/** @type {(parent: Element, wanted: Element[]) => void} */
const arrange = (parent, wanted) => {
  if (wanted.some((child, i) => parent.children[i] !== child)) parent.append(...wanted);
};

/** @type {Map<boolean | null, [string, string]>} */
const VERDICTS = new Map([
  [null, ["open", ""]],
  [true, ["right", "Right."]],
  [false, ["wrong", "Not right."]],
]);

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

/** @type {(widget: Widget, question: any, number: number) => void} */
const drawQuestion = (widget, question, number) => {
  const place = questionOf(widget, question.id);
  /** @type {(name: string) => any} */
  const part = (name) => place.querySelector(`[data-${name}]`);
  part("number").textContent = `${number}.`;
  part("text").textContent = question.text;
  if (question.kind === "choice") {
    /** @type {(option: any) => any} */
    const label = (option) => place.querySelector(`[data-option="${option.id}"]`);
    arrange(part("options"), question.options.map(label));
    for (const option of question.options) label(option).querySelector("span").textContent = option.text;
  }
  const [verdict, words] = VERDICTS.get(question.correct) ?? ["open", ""];
  const details = place.querySelector("details");
  details.hidden = verdict === "open";
  if (details.hidden) details.open = false;
  place.dataset.verdict = verdict;
  close(widget, place, verdict !== "open");
  part("feedback").hidden = question.feedback === null;
  part("verdict-text").textContent = words;
  part("explanation").textContent = question.feedback ?? "";
  part("right-answer").textContent = question.right_answer ?? "";
  part("receipt").hidden = question.receipt === null;
  part("receipt").querySelector("code").textContent = question.receipt ?? "";
};

// Request the verdict on the answer to a question.
/** @type {(widget: Widget, control: any) => void} */
const answer = (widget, control) => {
  const { state } = widget;
  state.waiting = null;
  state.answered = control.name;
  widget.refresh();
};

/** @type {(widget: Widget) => void} */
const clear = (widget) => {
  const { state } = widget;
  state.waiting = null;
  state.answered = null;
  for (const input of widget.querySelectorAll("[data-question] input")) {
    if (input.type === "radio") input.checked = false;
    else input.value = "";
  }
};

/** @type {(control: Control) => boolean} */
const isText = (control) => control.type === "text";

/** @type {WidgetModule} */
export default {
  start(widget) {
    const state = (widget.state = { answered: null, waiting: /** @type {any} */ (null), arrow: false });

    widget.form.addEventListener("click", (/** @type {any} */ event) => {
      if (event.target.type === "radio" && isClosed(event.target)) event.preventDefault();
    });

    // Text and seed count when complete, not at each key.
    widget.form.addEventListener("change", (/** @type {any} */ { target }) => {
      if (isText(target)) answer(widget, target);
      else if (target.name === "seed") {
        clear(widget);
        widget.refresh();
      }
    });

    // Arrow keys move through radio buttons by selecting them. A selection becomes an answer only by Enter or
    // Space, or when the question loses the focus.
    widget.form.addEventListener("keydown", (/** @type {any} */ event) => {
      const { target, key } = event;
      state.arrow = key.startsWith("Arrow");
      if (target.type !== "radio" || !target.checked) return;
      if (key === " ") answer(widget, target);
    });
    widget.form.addEventListener("keyup", () => {
      state.arrow = false;
    });
    widget.form.addEventListener("focusout", (/** @type {any} */ { target, relatedTarget }) => {
      if (!state.waiting || target.name !== state.waiting.name) return;
      if (relatedTarget?.name !== state.waiting.name) answer(widget, state.waiting);
    });

    widget.querySelector("[data-new-questions]").addEventListener("click", async () => {
      clear(widget);
      widget.newSeed();
      await widget.refresh();
      // The sheet is higher than the screen: focus alone would not scroll to its first question.
      const sheet = widget.querySelector("[data-sheet]");
      sheet.focus({ preventScroll: true });
      sheet.scrollIntoView({ block: "start" });
    });
    widget.querySelector("[data-clear]").addEventListener("click", () => {
      clear(widget);
      widget.refresh();
    });
  },

  changed(widget, control) {
    if (control.type !== "radio") return false;
    const { state } = widget;
    if (state.arrow) {
      state.waiting = control;
      return false;
    }
    state.waiting = null;
    state.answered = control.name;
    return true;
  },

  // Enter in a question answers it.
  submit(widget) {
    const { activeElement } = document;
    if (activeElement?.closest("[data-question]") && widget.contains(activeElement)) answer(widget, activeElement);
    else widget.refresh();
  },

  draw(widget, result) {
    const order = result.questions.map((/** @type {any} */ { id }) => questionOf(widget, id));
    arrange(widget.querySelector("[data-sheet]"), order);
    result.questions.forEach((/** @type {any} */ question, /** @type {number} */ i) => drawQuestion(widget, question, i + 1));

    const told = result.questions.find((/** @type {any} */ { id }) => id === widget.state.answered);
    if (told?.feedback) {
      const [, words] = VERDICTS.get(told.correct) ?? ["", ""]; // none for a text that cannot be read
      // Replaces the finding, which show() announces after drawing.
      queueMicrotask(() => widget.announce(`${words} ${told.feedback} ${result.finding}`));
    }
  },
};
