// app/lab/log_ratios.py: losses of pairs that are given by their log-ratios.
import { trainingLoss } from "../losses.js";
import { named } from "./python.js";

export { sigma } from "../losses.js";

/** One number for all pairs, or one for each. @typedef {number | ArrayLike<number>} OneOrEach */

/** @type {(column: OneOrEach, n: number) => number} */
const at = (column, n) => (typeof column === "number" ? column : column[n]);

class LossWithItsInputs {
  /** @param {string} lossType @param {number} labelSmoothing @param {OneOrEach} beta
   *  @param {[OneOrEach, OneOrEach]} references log-probabilities in nats, chosen and rejected @param {[OneOrEach, OneOrEach]} lengths in tokens */
  constructor(lossType, labelSmoothing, beta, references, lengths) {
    this.lossType = lossType;
    this.labelSmoothing = labelSmoothing;
    this.beta = beta;
    this.references = references;
    this.lengths = lengths;
  }

  /** @param {number[]} chosen log-ratios @param {OneOrEach} rejected */
  losses(chosen, rejected) {
    return this.losses_and_slopes(chosen, rejected)[0];
  }

  /** Of each pair the loss, and its derivatives by both log-ratios. @param {number[]} chosen @param {OneOrEach} rejected
   *  @returns {[losses: number[], byChosen: number[], byRejected: number[]]} */
  losses_and_slopes(chosen, rejected) {
    /** @type {[number[], number[], number[]]} */
    const found = [[], [], []];
    chosen.forEach((ratio, n) => {
      const [referenceChosen, referenceRejected] = this.references.map((column) => at(column, n));
      const [chosenLength, rejectedLength] = this.lengths.map((column) => at(column, n));
      const pair = {
        policyChosen: [referenceChosen + ratio],
        policyRejected: [referenceRejected + at(rejected, n)],
        referenceChosen: [referenceChosen],
        referenceRejected: [referenceRejected],
        chosenLengths: [chosenLength],
        rejectedLengths: [rejectedLength],
      };
      const made = trainingLoss(this.lossType, pair, at(this.beta, n), { labelSmoothing: this.labelSmoothing });
      [made.losses, made.chosen, made.rejected].forEach(([value], row) => found[row].push(value));
    });
    return found;
  }
}

export const LossOfRatios = named(
  ["loss_type", "label_smoothing", "beta", "reference_chosen", "reference_rejected", "chosen_lengths", "rejected_lengths"],
  /** @param {string} lossType @param {number} labelSmoothing @param {OneOrEach} beta @param {OneOrEach} referenceChosen
   *  @param {OneOrEach} referenceRejected @param {OneOrEach} chosenLengths @param {OneOrEach} rejectedLengths */
  (lossType, labelSmoothing = 0, beta = 0.1, referenceChosen = 0, referenceRejected = 0, chosenLengths = 1, rejectedLengths = 1) =>
    new LossWithItsInputs(lossType, labelSmoothing, beta, [referenceChosen, referenceRejected], [chosenLengths, rejectedLengths]),
);
