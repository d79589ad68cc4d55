// Widgets whose run is still being made: the page came with another result, says whose it is, and is filled here.
import { ask } from "./server.js";

/** @type {(place: HTMLElement) => void} */
const fill = (place) => {
  /** @type {any} */
  const widget = place.querySelector("dpo-widget");
  /** @type {any} */
  const note = place.querySelector(".pending-note");
  const leaving = new AbortController();

  // Its room stays, so that nothing moves.
  const filled = () => {
    leaving.abort();
    note.style.visibility = "hidden";
    place.removeAttribute("data-pending");
    widget.figure?.stale(false);
  };
  widget.addEventListener("dpo-result", filled);
  widget.form.addEventListener("submit", filled);
  // Another state has been asked for; what is shown is still that of the note.
  const elsewhere = () => {
    leaving.abort();
    place.querySelector("[data-pending-wait]")?.remove();
  };
  widget.form.addEventListener("input", elsewhere);
  widget.addEventListener("click", (/** @type {any} */ { target }) => {
    if (target.closest("[data-training-new], [data-step]")) elsewhere();
  });

  const failed = (/** @type {string} */ why, /** @type {number | undefined} */ wait = undefined) => {
    widget.figure?.stale(false);
    widget.fail(why, wait);
  };

  const request = async () => {
    widget.setBusy(true);
    widget.figure?.stale(true);
    try {
      const answer = await ask(widget, leaving.signal);
      const body = await answer.json();
      if (leaving.signal.aborted) return;
      if (answer.ok) widget.show(body);
      else failed(body.detail, body.retry_after);
    } catch {
      if (!leaving.signal.aborted) failed("The server did not answer. Reload the page to try again.");
    } finally {
      widget.setBusy(false);
    }
  };
  // A figure that can train here asks by itself, as after a change of its settings.
  if (widget.querySelector("[data-worker]")) widget.drawn.then(() => leaving.signal.aborted || widget.refresh());
  else request();
};

customElements.whenDefined("dpo-widget").then(() => {
  for (const place of document.querySelectorAll("[data-pending]")) fill(/** @type {HTMLElement} */ (place));
});
