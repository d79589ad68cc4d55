// The dialog of widgets, for a receipt or for sharing: a title, a close button, and content.
import { element, parent } from "./dom.js";

/** @type {HTMLDialogElement | null} */
let dialog = null;

const theDialog = () => {
  if (dialog) return dialog;
  const made = element("dialog", "", { class: "receipt-dialog", "aria-labelledby": "dialog-title" });
  // A click outside closes it, as Escape does.
  made.addEventListener("click", (event) => {
    if (event.target === made) made.close();
  });
  document.body.append(made);
  dialog = made;
  return made;
};

/** @type {(error: unknown) => string} */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** Open it with the elements of `before`, and add those that `load()` returns.
 *  If that fails, show `missing` and the reason. */
/** @type {(title: string, before: Element[], load: () => Promise<Element[]>, missing: string) => Promise<void>} */
export const showDialog = async (title, before, load, missing) => {
  const close = element("button", "Close", { type: "button", autofocus: "" });
  close.addEventListener("click", () => theDialog().close());
  const head = parent("div", [element("h2", title, { id: "dialog-title" }), close], { class: "receipt-head" });
  const status = element("p", "Fetching …", { role: "status" });
  theDialog().replaceChildren(head, ...before, status);
  theDialog().showModal();
  try {
    status.replaceWith(...(await load()));
  } catch (error) {
    status.textContent = `${missing}: ${messageOf(error)}`;
  }
};

/** The JSON at an address. Throws an error with the server's message if it refuses.
 *  @type {(address: string) => Promise<any>} */
export const fetched = async (address) => {
  const answer = await fetch(address);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
};
