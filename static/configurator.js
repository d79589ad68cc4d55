// The page for configuring an embed: preview and snippets follow the form.
import "./copyable.js";
import { fetched, messageOf } from "./dialog.js";

const DEBOUNCE_MS = 150;

const form = document.querySelector("form[data-configure]");
const frame = document.querySelector("[data-preview]");
const problem = form.querySelector("[data-error]");
let timer = 0;
let latest = 0;

// Leave out empty and default values, to keep the address short.
const chosen = () => {
  const params = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value !== "" && value !== form.elements[name].dataset?.default) params.append(name, value);
  }
  return params;
};

/** @type {(message: string) => void} */
const fail = (message) => {
  problem.textContent = message;
  problem.hidden = !message;
};

const update = async () => {
  if (!form.reportValidity()) return;
  const params = chosen();
  history.replaceState(null, "", `?${params}`);
  params.delete("widget");
  const asked = ++latest;
  try {
    const embed = await fetched(`${form.dataset.embeds}?${params}`);
    if (asked !== latest) return;
    fail("");
    for (const box of document.querySelectorAll("[data-share]")) box.textContent = embed[box.dataset.share];
    // Setting src would add each preview to the browser's history.
    frame.contentWindow.location.replace(embed.link);
  } catch (error) {
    if (asked === latest) fail(messageOf(error));
  }
};

// As /embed.js does it on other sites' pages.
window.addEventListener("message", ({ source, data }) => {
  if (source === frame.contentWindow && data?.type === "dpo-explained:height") frame.height = data.height;
});
frame.contentWindow.postMessage({ type: "dpo-explained:ping" }, location.origin);

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(update, DEBOUNCE_MS);
});
form.addEventListener("submit", (/** @type {any} */ event) => {
  event.preventDefault();
  update();
});
document.querySelector("form[data-choose]").addEventListener("change", (/** @type {any} */ { target }) => target.form.submit());
