// The dialog that widgets open, for a receipt or for sharing: a title, a button that closes it, and content.
import { element, parent } from "./dom.js";

let dialog = null;

const theDialog = () => {
  if (dialog) return dialog;
  dialog = element("dialog", "", { class: "receipt-dialog", "aria-labelledby": "dialog-title" });
  // A click beside it closes it, as Escape does.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
};

/** Open it with what is there already, and fill it with what `load()` brings: a list of elements.
 *  Should that fail, say `missing` and why. */
export const showDialog = async (title, before, load, missing) => {
  const close = element("button", "Close", { type: "button", autofocus: "" });
  close.addEventListener("click", () => dialog.close());
  const head = parent("div", [element("h2", title, { id: "dialog-title" }), close], { class: "receipt-head" });
  const status = element("p", "Fetching …", { role: "status" });
  theDialog().replaceChildren(head, ...before, status);
  dialog.showModal();
  try {
    status.replaceWith(...(await load()));
  } catch (error) {
    status.textContent = `${missing}: ${error.message}`;
  }
};

/** The JSON at an address; an error with the server's words if it refuses. */
export const fetched = async (address) => {
  const answer = await fetch(address);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
};
