// app/lab/losses.py: which losses there are, and what each depends on.
import { checkLabelSmoothing, LOSSES as ALL } from "../losses.js";
import { ValueError } from "../python/errors.js";
import { named } from "./python.js";

const BASELINES = ["preferred_ft", "unlikelihood", "sigmoid_nll"];

/** By name, without the baselines. */
export const LOSSES = new Map(Object.entries(ALL).filter(([name]) => !BASELINES.includes(name)));

export { NEEDS_LENGTHS, REFERENCE_FREE } from "../losses.js";

export const USES_LABEL_SMOOTHING = new Set(["sigmoid", "robust", "exo_pair"]);

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
