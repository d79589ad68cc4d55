// Texts to copy: each in a box with a button, made here or found in the page.
import { element, parent } from "./dom.js";

const COPIED_MS = 2000;

/** @type {(box: Element) => void} */
const select = (box) => getSelection()?.selectAllChildren(box);

/** @type {(box: Element, title: string) => HTMLElement} */
const copyButton = (box, title) => {
  const button = element("button", "Copy", { type: "button", "aria-label": `Copy: ${title}` });
  /** @type {(text: string) => void} */
  const say = (text) => {
    button.textContent = text;
    button.setAttribute("aria-label", text === "Copy" ? `Copy: ${title}` : text);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.textContent ?? "");
      say("Copied");
    } catch {
      // The framing page may not allow it; the reader can still use the keyboard.
      select(box);
      say("Selected");
    }
    setTimeout(() => say("Copy"), COPIED_MS);
  });
  return button;
};

/** A titled text in a box, with its button.
 *  @type {(title: string, text: string, attributes?: Record<string, string>) => HTMLElement} */
export const part = (title, text, attributes = {}) => {
  const box = element("pre", text, { class: "receipt", tabindex: "0", role: "region", "aria-label": title, ...attributes });
  return parent("section", [parent("div", [element("h3", title), copyButton(box, title)], { class: "receipt-head" }), box]);
};

// Add a button to every marked box of the page.
for (const box of document.querySelectorAll("pre[data-copy]")) {
  const button = copyButton(box, box.getAttribute("aria-label"));
  button.classList.add("button");
  box.before(button);
}
