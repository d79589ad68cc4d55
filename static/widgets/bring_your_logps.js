// The reader's own log-probabilities are sent in the body of a request, and only on request. Without any, the widget is like the
// others: the example has an address.
import { tableRow } from "../dom.js";
import { textOf } from "../file_text.js";
import { written } from "../format.js";
import { askOwn } from "../server.js";
import { suitSmoothing } from "../smoothing.js";

/** @type {(widget: Widget, name: string) => any} */
const part = (widget, name) => widget.querySelector(`[data-${name}]`);

/** @type {(widget: Widget) => string} */
const ownText = (widget) => widget.form.elements.text.value;

/** @type {(widget: Widget) => void} */
const linkDownloads = (widget) => {
  const query = widget.params().toString();
  for (const link of widget.querySelectorAll("[data-download]")) {
    link.href = `${widget.dataset.api}/example.${link.dataset.download}${query && `?${query}`}`;
  }
};

/** A problem without the name of the field, which readers of the page do not see.
 *  @type {(answer: Response) => Promise<Response>} */
const withoutField = async (answer) => {
  if (answer.status !== 422) return answer;
  const { detail } = await answer.json();
  return new Response(JSON.stringify({ detail: detail.replace(/^text: /, "") }), { status: 422 });
};

/** The response to the reader's data, or a refusal if the server would not accept so much.
 *  @type {(widget: Widget, signal: AbortSignal) => Promise<Response>} */
const post = async (widget, signal) => {
  const { text, loss_type, beta, label_smoothing } = widget.form.elements;
  const sent = {
    text: text.value,
    loss_type: loss_type.value,
    beta: Number(beta.value),
    label_smoothing: Number(label_smoothing.value),
  };
  const most = Number(part(widget, "most-bytes").dataset.mostBytes);
  if (new Blob([JSON.stringify(sent)]).size > most) {
    const detail = `At most ${written(most, "count")} bytes can be sent. CSV takes the least.`;
    return new Response(JSON.stringify({ detail }), { status: 413 });
  }
  return withoutField(await askOwn(widget, sent, signal));
};

/** Keep a text in the form, where it can be read and changed, and show what it says.
 *  @type {(widget: Widget, text: string) => void} */
const take = (widget, text) => {
  widget.setParam("text", text);
  widget.refresh();
};

/** Take the text of a file; without any there is nothing to show, and what was shown stays.
 *  @type {(widget: Widget, file: File) => Promise<void>} */
const takeFile = async (widget, file) => {
  const text = await textOf(file).catch(() => null);
  if (text?.trim()) take(widget, text);
  else widget.fail(text === null ? "This archive is damaged; give the file unpacked." : "The file is empty.");
};

/** @type {(widget: Widget) => void} */
const clear = (widget) => {
  widget.setParam("text", "");
  widget.setParam("file", "");
};

/** The whole stage takes a file that is dropped on it.
 *  @type {(widget: Widget) => void} */
const takeDropped = (widget) => {
  const core = part(widget, "core");
  const { file } = widget.form.elements;
  /** @type {(event: DragEvent) => void} */
  const over = (event) => {
    if (file.disabled || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    core.toggleAttribute("data-over", true);
  };
  for (const about of ["dragenter", "dragover"]) core.addEventListener(about, over);
  core.addEventListener("dragleave", (/** @type {any} */ { relatedTarget }) => {
    if (!core.contains(relatedTarget)) core.removeAttribute("data-over");
  });
  core.addEventListener("drop", async (/** @type {DragEvent} */ event) => {
    core.removeAttribute("data-over");
    const dropped = event.dataTransfer?.files[0];
    if (file.disabled || !dropped) return;
    event.preventDefault();
    widget.setParam("file", "");
    takeFile(widget, dropped);
  });
};

/** @type {WidgetModule} */
export default {
  start(widget) {
    widget.state = { receipt: widget.dataset.receipt };
    const { text, file } = widget.form.elements;
    file.addEventListener("change", () => {
      if (file.files.length) takeFile(widget, file.files[0]);
    });
    takeDropped(widget);
    // Pasted text is complete; typed text waits for the button.
    text.addEventListener("paste", () => setTimeout(() => take(widget, text.value)));
    part(widget, "clear").addEventListener("click", () => {
      clear(widget);
      widget.refresh();
      text.focus();
    });
  },

  ask(widget, signal) {
    linkDownloads(widget);
    part(widget, "clear").hidden = !ownText(widget);
    return ownText(widget).trim() ? post(widget, signal) : undefined;
  },

  changed(widget, control) {
    if (control.name === "loss_type") suitSmoothing(widget, control.value);
    if (control.name === "example") clear(widget);
    if (control.dataset.private === undefined) return true;
    part(widget, "clear").hidden = !ownText(widget);
    return false;
  },

  draw(widget, result) {
    const { own } = result.scene.more;
    part(widget, "whose").textContent = own ? "Your data:" : "Example from the lab:";
    // Only an example has an address, and a receipt.
    widget.querySelector(".fig-links").hidden = Boolean(own);
    if (own) delete widget.dataset.receipt;
    else if (widget.state.receipt) widget.dataset.receipt = widget.state.receipt;
    // Those found come first, so that a place in the list has another check each time.
    const places = widget.querySelectorAll("[data-check]");
    result.checks.forEach((/** @type {any} */ { kind, outcome }, /** @type {number} */ place) => {
      Object.assign(places[place].dataset, { check: kind, outcome });
    });
    const rows = result.worst.map((/** @type {any} */ pair) => [
      String(pair.line),
      ...[pair.margin, pair.chosen_reward, pair.rejected_reward].map((value) => written(value, "fixed2")),
      written(pair.loss, "fixed3"),
    ]);
    part(widget, "worst").replaceChildren(...rows.map(tableRow));
    widget.querySelector('[data-part="by_length"]').hidden = result.points_shown === 0;
  },
};
