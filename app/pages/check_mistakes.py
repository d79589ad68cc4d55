"""What the page on checking a run says of each mistake that is looked for."""

from __future__ import annotations

from dataclasses import dataclass

from app.check.findings.logs import LOG_FINDINGS, LogFinding
from app.check.findings.pairs import PAIR_FINDINGS, PairFinding
from app.check.findings.titles import TITLES

IN_PAIRS: dict[str, PairFinding] = {look.name: look for look in PAIR_FINDINGS}
IN_LOGS: dict[str, LogFinding] = {look.name: look for look in LOG_FINDINGS}


@dataclass(frozen=True)
class LookedFor:
    """A mistake that is looked for, by the name of its finding."""

    name: str
    shown_by: str

    @property
    def title(self) -> str:
        """The mistake in a few words."""
        return TITLES[self.name]

    @property
    def where(self) -> str:
        """In which files it is looked for."""
        places = {"pairs": {*IN_PAIRS}, "logs": {*IN_LOGS}}
        return " and ".join(place for place, names in places.items() if self.name in names)

    @property
    def see(self) -> str:
        """Path and query of a figure that shows it."""
        looks = (looks.get(self.name) for looks in (IN_PAIRS, IN_LOGS))
        return next((look.see for look in looks if look is not None and look.see), "")


MISTAKES = (
    LookedFor(
        "step_zero",
        "The first rewards are not 0, or the first loss is not that of equal models: another checkpoint, "
        "dropout, precision, or a loss that gradient accumulation has added up.",
    ),
    LookedFor(
        "other_loss",
        "Reported losses are those of another loss, β or label smoothing, which is named where it fits.",
    ),
    LookedFor("beta_twice", "Reported losses fit the square of β, and not β."),
    LookedFor(
        "not_moved",
        "After many steps rewards are still 0 and the loss is flat: frozen weights, a rate of 0, or a "
        "reference that is the policy itself.",
    ),
    LookedFor(
        "reference_missing",
        "Its log-probabilities are missing, 0 or constant, or those of other responses, as when rows are "
        "shifted.",
    ),
    LookedFor(
        "swapped",
        "Training lowers margins and accuracies: policy and reference are swapped, or chosen and rejected.",
    ),
    LookedFor(
        "swapped_in_one",
        "Margins are large from the first step on, and their sign follows which response is likelier.",
    ),
    LookedFor(
        "mean_not_sum",
        "Log-probabilities are close to 0 and do not grow with the length of the response.",
    ),
    LookedFor(
        "implausible_sums",
        "Per token they are worse than guessing, as when labels are not shifted by one token.",
    ),
    LookedFor(
        "prompt_counted",
        "Both log-ratios of a pair are far from 0 by nearly the same amount.",
    ),
    LookedFor(
        "equal_sides",
        "Both responses have the same log-probability: truncation to a common opening, or duplicates.",
    ),
    LookedFor(
        "not_finite",
        "A value is not finite; told with the first step that has it.",
    ),
    LookedFor(
        "diverging",
        "The loss climbs far above its start, or the gradient explodes.",
    ),
    LookedFor(
        "displacement",
        "They fall further than under any exact optimum of the lab, where they may fall a little too.",
    ),
    LookedFor(
        "suppression",
        "Rejected responses fall far while chosen ones hardly move.",
    ),
    LookedFor(
        "saturated",
        "Accuracy stays at 1 with much of the run still to go, so that nothing is left to learn.",
    ),
    LookedFor(
        "length",
        "Margins follow the difference in length. A log does not show it: it has no lengths.",
    ),
    LookedFor(
        "batch_means",
        "A mean loss lies above the loss at the means, so that rows are not single pairs.",
    ),
    LookedFor(
        "few_pairs",
        "So few pairs or rows that chance alone would give the same numbers.",
    ),
)
"""those that spoil everything after them come first"""
