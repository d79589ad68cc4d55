"""The mistake of each finding in a few words, the same for pairs, for logs, and on the page."""

from __future__ import annotations

TITLES = {
    "step_zero": "The run does not start from its reference",
    "other_loss": "The loss is not that of the settings",
    "beta_twice": "β applied twice",
    "not_moved": "The policy has not moved",
    "reference_missing": "No usable reference",
    "swapped": "Models or sides swapped",
    "swapped_in_one": "Chosen and rejected swapped in one model",
    "mean_not_sum": "Mean over tokens instead of a sum",
    "implausible_sums": "Sums that no language model gives",
    "prompt_counted": "Prompt counted in one model only",
    "equal_sides": "Chosen equals rejected",
    "not_finite": "NaN or infinity",
    "diverging": "The run diverges",
    "displacement": "Chosen responses lose probability",
    "suppression": "The margin grows by pushing rejected responses down",
    "saturated": "Saturated: nothing left to learn",
    "length": "Length drives the margin",
    "batch_means": "Rows are means of batches",
    "few_pairs": "Too few to tell",
}
