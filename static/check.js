// The page on which a run is checked: what is pasted, dropped or chosen is checked, and only the report is replaced.
// Without this script the form does the same by itself.
import { FAILED, checked, tooLargeFor } from "./check_server.js";
import { element } from "./dom.js";

/** @type {any} */
const form = document.querySelector("[data-check]");
/** @type {any} */
const place = document.querySelector("[data-report-place]");
const { text, file } = form.elements;
const error = form.querySelector("[data-error]");
const live = document.querySelector("[data-live]");
const clear = form.querySelector("[data-clear]");
const fileName = form.querySelector("[data-file-name]");
const run = form.querySelector(".check-run");
/** @type {any} */
const old = document.querySelector("[data-old]");

/** @type {AbortController | null} */
let request = null;

const there = () => Boolean(file.files.length || text.value.trim());

/** Show what the form has: the name of its file, and a way to remove it.
 *  @type {() => void} */
const tell = () => {
  fileName.textContent = file.files[0]?.name ?? "";
  clear.hidden = !there();
};

/** Say why nothing was checked, and mark the fields that are why; without a message, take it back.
 *  @type {(told?: (string | Node)[], fields?: string[]) => void} */
const fail = (told = [], fields = []) => {
  error.replaceChildren(...told);
  error.hidden = !told.length;
  for (const control of form.querySelectorAll("[name]")) control.setAttribute("aria-invalid", String(fields.includes(control.name)));
};

/** What was wrong, as a problem document says it, with a link to each parameter.
 *  @type {(problem: any) => void} */
const refuse = ({ detail, errors = [] }) => {
  const told = errors.flatMap((/** @type {any} */ { field, message, allowed }, /** @type {number} */ at) => {
    const control = field === "text" || field === "file" ? null : form.elements[field];
    const name = control ? [element("a", control.labels[0].textContent, { href: `#${control.id}` }), ": "] : [];
    return [at ? "; " : "", ...name, allowed ? `${message} (${allowed})` : message];
  });
  fail(errors.length ? told : [detail], errors.map((/** @type {any} */ { field }) => field));
};

/** @type {() => boolean} */
const tooLarge = () => {
  const size = file.files[0]?.size ?? new Blob([text.value]).size;
  const most = Number(form.dataset.mostBytes);
  if (size < most) return false;
  fail([tooLargeFor(most)]);
  return true;
};

/** Check what the form has. A newer check drops the answer of an older one.
 *  Where a button was pressed, the report takes the focus, so that keys go on from there.
 *  @type {(pressed?: boolean) => Promise<void>} */
const check = async (pressed = false) => {
  request?.abort();
  fail();
  document.querySelector("[data-refused]")?.remove();
  if (!there()) {
    fail(["Paste or choose a log first."]);
    return;
  }
  if (tooLarge()) return;
  const own = (request = new AbortController());
  place.setAttribute("aria-busy", "true");
  try {
    const { report, problem } = await checked(form, own.signal);
    if (own.signal.aborted) return;
    if (report) show(report, pressed);
    else refuse(problem);
  } catch {
    if (!own.signal.aborted) fail([FAILED]);
  } finally {
    if (request === own) place.removeAttribute("aria-busy");
  }
};

/** Put a report into the page.
 *  @type {(report: Node[], pressed: boolean) => void} */
const show = (report, pressed) => {
  place.replaceChildren(...report);
  place.hidden = false;
  old.hidden = true;
  const title = place.querySelector("h2");
  live.textContent = title.textContent;
  // What was checked has no address; that of an example would say another run.
  history.replaceState(null, "", location.pathname);
  for (const link of document.querySelectorAll(".check-examples [aria-current]")) link.removeAttribute("aria-current");
  if (place.getBoundingClientRect().top > innerHeight / 2) place.scrollIntoView({ block: "start" });
  if (pressed) {
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }
};

/** Whether a control takes a value.
 *  @type {(control: any, value: string) => boolean} */
const takes = (control, value) =>
  control.options ? [...control.options].some((option) => option.value === value) : Number(value) >= control.min && Number(value) <= control.max;

/** Show the pairs of the form in the figure at the end of the page, once its module is there.
 *  @type {() => Promise<void>} */
const handOn = async () => {
  /** @type {any} */
  const figure = document.querySelector('dpo-widget[name="bring_your_logps"]');
  figure.setParam("text", file.files.length ? await file.files[0].text() : text.value);
  for (const name of ["loss_type", "beta", "label_smoothing"]) {
    const { value } = form.elements[name];
    if (value && takes(figure.form.elements[name], value)) figure.setParam(name, value);
  }
  figure.scrollIntoView();
  const ready = new Promise((done) => {
    const seen = () => "ready" in figure.dataset && done(undefined);
    new MutationObserver(seen).observe(figure, { attributeFilter: ["data-ready"] });
    seen();
  });
  await ready;
  figure.submit();
};

place.addEventListener("click", (/** @type {any} */ { target }) => {
  if (target.closest("[data-hand-on]")) handOn();
});

/** @type {(dropped: FileList) => void} */
const take = (dropped) => {
  file.files = dropped;
  text.value = "";
  old.hidden = place.hidden;
  tell();
  check();
};

form.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  check(true);
});
form.addEventListener("input", () => {
  old.hidden = place.hidden;
});
form.addEventListener("change", (/** @type {any} */ { target }) => {
  if (target === file && file.files.length) text.value = "";
  tell();
  if (target !== text && there()) check();
});
text.addEventListener("input", () => {
  file.value = "";
  tell();
});
// Pasted text is complete; typed text waits for the button.
text.addEventListener("paste", () => setTimeout(check));
clear.addEventListener("click", () => {
  // The answer to a check that is under way would come back after all.
  request?.abort();
  text.value = "";
  file.value = "";
  fail();
  place.hidden = old.hidden = true;
  place.replaceChildren();
  live.textContent = "Your data is removed.";
  tell();
  text.focus();
});

for (const about of ["dragenter", "dragover"]) {
  form.addEventListener(about, (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    run.toggleAttribute("data-over", true);
  });
}
form.addEventListener("dragleave", (/** @type {any} */ { relatedTarget }) => {
  if (!form.contains(relatedTarget)) run.removeAttribute("data-over");
});
form.addEventListener("drop", (/** @type {DragEvent} */ event) => {
  run.removeAttribute("data-over");
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  take(event.dataTransfer.files);
});
tell();
