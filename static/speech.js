// What policies say, run in: flattery is underlined, and a phrase that has just changed flashes.
import { resolved } from "./stage.js";

/** @type {WeakMap<Element, number[]>} */
const before = new WeakMap();

/** @type {(widget: any, speech: any[], phrases: [string, number][], at: number) => void} */
export const say = (widget, speech, phrases, at) => {
  speech.forEach((speaker, number) => {
    const box = widget.querySelector(`[data-speaker="${number}"]`);
    if (!box) return;
    box.className = `speaker of-${resolved(speaker.role, at)}`;
    const who = box.querySelector("[data-who]");
    const name = resolved(speaker.who, at);
    if (who.innerHTML !== name) who.innerHTML = name;
    const ids = resolved(speaker.phrases, at);
    const old = before.get(box);
    if (old && old.join() === ids.join()) return;
    before.set(box, ids);
    const said = box.querySelector("[data-said]");
    said.replaceChildren();
    ids.forEach((/** @type {number} */ id, /** @type {number} */ slot) => {
      const [text, flatters] = phrases[id];
      const phrase = document.createElement("span");
      phrase.textContent = text;
      phrase.className = (flatters ? "flat" : "") + (old && old[slot] !== id ? " new" : "");
      said.append(phrase, " ");
    });
  });
};
