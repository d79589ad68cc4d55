// app/studies/data.py: what figures show of the studies, from the data that the lab was opened with.
import { the_lab } from "../named/trained.js";

/** A method at one strength: mean and standard deviation over seeds, and what its first policy says most.
 *  @typedef {{ strength: number, kl: number, kl_sd: number, true_quality: number, true_quality_sd: number, seeds: number,
 *    answer: string }} Place */

/** @typedef {{ command: string, commit: string, places: Record<string, Record<string, Place[]>> }} FrontierStudy */

/** @returns {FrontierStudy} */
export const frontier_study = () => the_lab().studies.frontier;

/** The same with what is said. @param {number} prompt @param {string} rewardModel */
export const places = (prompt, rewardModel) => {
  const lab = the_lab();
  return new Map(Object.entries(frontier_study().places[`${lab.world.prompts[prompt].id} ${rewardModel}`]));
};

/** The fields of a spread, which are those of a place but what is said. */
const SPREAD = /** @type {const} */ (["strength", "kl", "kl_sd", "true_quality", "true_quality_sd", "seeds"]);

/** Every method on one prompt, by rising strength. @param {number} prompt @param {string} rewardModel */
export const spreads = (prompt, rewardModel) =>
  new Map([...places(prompt, rewardModel)].map(([method, all]) => [method, all.map(spreadOf)]));

/** @param {Place} place */
const spreadOf = (place) => Object.fromEntries(SPREAD.map((field) => [field, place[field]]));
