// app/studies/answers.py: what policies of the frontier study say most.
import { places } from "./data.js";

/** @param {number} prompt @param {string} method @param {number} strength @param {string} kind */
export const answer = (prompt, method, strength, kind) => {
  const found = places(prompt, kind)
    .get(method)
    ?.find((place) => place.strength === strength);
  if (!found) throw new Error(`the study has no ${method} of ${strength}`);
  return found.answer;
};
