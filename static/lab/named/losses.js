// app/lab/losses.py: which losses there are, and what each depends on.
import { checkLabelSmoothing, LOSSES as ALL, trainingLoss } from "../losses.js";
import { ValueError } from "../python/errors.js";
import { camelCased, dataclass, named } from "./python.js";

const BASELINES = ["preferred_ft", "unlikelihood", "sigmoid_nll"];

/** By name, without the baselines. */
export const LOSSES = new Map(Object.entries(ALL).filter(([name]) => !BASELINES.includes(name)));

export { NEEDS_LENGTHS, REFERENCE_FREE } from "../losses.js";

export const USES_LABEL_SMOOTHING = new Set(["sigmoid", "robust", "exo_pair"]);

const NOBODY = new Float64Array();

/** Log-probabilities of chosen and rejected responses, all of shape (pairs,), in nats. Counts of completion tokens are needed by
 *  some losses. */
export const PairLogps = dataclass({
  policy_chosen: NOBODY,
  policy_rejected: NOBODY,
  reference_chosen: NOBODY,
  reference_rejected: NOBODY,
  chosen_lengths: NOBODY,
  rejected_lengths: NOBODY,
});

/** One loss per pair, by its name. @param {string} lossType @param {ReturnType<typeof PairLogps>} pairs @param {number} beta */
export const preference_loss = (lossType, pairs, beta) =>
  trainingLoss(lossType, /** @type {any} */ (camelCased(pairs)), beta).losses;

/** Refuses what a loss cannot use. */
export const check_label_smoothing = named(
  ["loss_type", "label_smoothing"],
  /** @param {string} lossType @param {number} labelSmoothing */
  (lossType, labelSmoothing) => {
    try {
      checkLabelSmoothing(lossType, labelSmoothing);
    } catch (error) {
      throw ValueError(/** @type {Error} */ (error).message);
    }
  },
);
