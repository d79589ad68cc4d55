// The receipt of a widget in a dialog: the request, a line for the shell, Python that computes the numbers again.
import { element, parent } from "./dom.js";
import { at } from "./format.js";

const COPIED_MS = 2000;

let dialog = null;

const theDialog = () => {
  if (dialog) return dialog;
  dialog = element("dialog", "", { class: "receipt-dialog", "aria-labelledby": "receipt-title" });
  // A click beside it closes it, as Escape does.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
};

const copyButton = (text) => {
  const button = element("button", "Copy", { type: "button" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, COPIED_MS);
  });
  return button;
};

const part = (title, text, name) =>
  parent("section", [
    parent("div", [element("h3", title), copyButton(text)], { class: "receipt-head" }),
    element("pre", text, { class: "receipt", tabindex: "0", role: "region", "aria-label": title, "data-receipt": name }),
  ]);

const isFigure = (value) => Boolean(value?.data && value?.layout);

const withoutFigures = (result) => Object.fromEntries(Object.entries(result).filter(([, value]) => !isFigure(value)));

/** Open the receipt of a widget as it stands; `path` leads to the number that was asked for. */
export const showReceipt = async (widget, path) => {
  const title = element("h2", "Receipt", { id: "receipt-title" });
  const close = element("button", "Close", { type: "button", autofocus: "" });
  close.addEventListener("click", () => dialog.close());
  const head = parent("div", [title, close], { class: "receipt-head" });
  const asked = path ? [element("p", `${path} = ${at(widget.result, path)}`, { class: "receipt-number" })] : [];
  const status = element("p", "Fetching …", { role: "status" });
  theDialog().replaceChildren(head, ...asked, status);
  dialog.showModal();
  const query = widget.params().toString();
  try {
    const answer = await fetch(`${widget.dataset.receipt}${query && `?${query}`}`);
    const receipt = await answer.json();
    if (!answer.ok) throw new Error(receipt.detail);
    status.replaceWith(
      part("The request", receipt.url, "url"),
      part("For the shell", receipt.curl, "curl"),
      part("By torch, without our code", receipt.snippet, "snippet"),
      part("The answer, figures left out", JSON.stringify(withoutFigures(widget.result), null, 1), "json"),
    );
  } catch (error) {
    status.textContent = `There is no receipt: ${error.message}`;
  }
};
