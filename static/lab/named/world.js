// app/lab/world.py: the world as the lab's data has it.
import { numberOf, PHRASES, PROMPTS, RESPONSES, responseOf, SLOTS } from "../world.js";
import { kept } from "./python.js";

export { PHRASES, PROMPTS, RESPONSES, SLOTS };

/** @typedef {{ text: string, helpful: number, harmless: number, honest: number, flattering: number, weight: number }} Phrase */

/** @typedef {{ id: string, text: string, kind: string, phrases: Phrase[][] }} Prompt phrases by slot */

/** @typedef {"helpful" | "harmless" | "honest" | "flattering"} Attribute */

/** Every response as phrase numbers, in lexicographic order. */
export const all_responses = kept(() => Array.from({ length: RESPONSES }, (_, number) => responseOf(number)));

/** Place of responses in that order. @param {ArrayLike<number>[]} responses */
export const response_number = (responses) => Int32Array.from(responses, numberOf);

export class World {
  /** @param {{ slots: string[], prompts: Prompt[] }} data */
  constructor({ slots, prompts }) {
    this.slots = slots;
    this.prompts = prompts;
  }

  /** @param {string} promptId */
  prompt_number(promptId) {
    const number = this.prompts.findIndex((prompt) => prompt.id === promptId);
    if (number < 0) throw new RangeError(`no prompt ${promptId}`);
    return number;
  }

  /** The readable response. @param {number} prompt @param {ArrayLike<number>} response */
  text(prompt, response) {
    return this.said(prompt, response)
      .map((phrase) => phrase.text)
      .join(" ");
  }

  /** The five phrases of a response. @param {number} prompt @param {ArrayLike<number>} response */
  said(prompt, response) {
    return this.prompts[prompt].phrases.map((slot, n) => slot[response[n]]);
  }

  /** An attribute of a prompt's phrases, by slot. @param {Attribute} name @param {number} prompt */
  attribute(name, prompt) {
    return this.prompts[prompt].phrases.map((slot) => slot.map((phrase) => phrase[name]));
  }
}

/** @type {World | null} */
let world = null;

/** @param {ConstructorParameters<typeof World>[0]} data */
export const openWorld = (data) => (world = new World(data));

/** The world of the lab that is open. */
export const the_world = () => {
  if (!world) throw new Error("no lab is open");
  return world;
};
