"""The columns of a log as curves, and the statistics of them that several rules use."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from app.check.findings.logs.expected import OF_REWARDS, loss_at_start
from app.check.findings.rule import Said, cannot_tell
from app.check.known import are_means
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS, TrainingLog
from app.check.trainer_table import LossConvention
from app.check.trainers import convention_here
from app.lab.more_losses import ALL_REFERENCE_FREE, ALL_THAT_NEED_LENGTHS
from app.lab.rewards import WITH_LOG_RATIOS

REFERENCE_LOGPS = ("logps/ref_chosen", "logps/ref_rejected")
MARGIN = "rewards/margins"
ACCURACY = "rewards/accuracies"

UNTOUCHED = 1e-4
"""of a loss and a margin that are those of the start as printed"""

WHOLE = 1.001e-3
"""how far a count of pairs may be from a whole number: 0.333 of three pairs are 1"""

PART = 5
"""a run's beginning and end are each this part of its rows"""


@dataclass(frozen=True)
class Curves:
    """A log under the settings of its run, as far as both are known."""

    log: TrainingLog
    settings: RunSettings

    def column(self, name: str) -> Tensor:
        """A column, NaN where a row has no finite value. Shape: (rows,)."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, Tensor]:
        return {}

    def _read(self, name: str) -> Tensor:
        found = self._given(name)
        if name == MARGIN:
            chosen, rejected = (self._given(one) for one in LOGGED_REWARDS)
            found = torch.where(found.isfinite(), found, chosen - rejected)
        # Rewards that a trainer logs without beta are told with it, as those of the others are.
        return (
            found if self.with_beta or name not in (*LOGGED_REWARDS, MARGIN) else self.beta * found
        )

    def _given(self, name: str) -> Tensor:
        given = self.log.columns.get(name) or [None] * len(self.log)
        values = [math.nan if value is None else value for value in given]
        found = torch.tensor(values, dtype=torch.float64)
        return torch.where(found.isfinite(), found, math.nan)

    def has(self, *names: str) -> bool:
        """Whether some row has a value in all of these columns."""
        return len(self.steps(*names)) > 0

    def steps(self, *names: str) -> Tensor:
        """The steps of the rows that have a value in all of these columns. Shape: (those,)."""
        return torch.tensor(self.log.steps, dtype=torch.float64)[self._complete(names)]

    def together(self, *names: str) -> list[Tensor]:
        """The columns in the rows that have a value in all of them. Shapes: (rows,)."""
        complete = self._complete(names)
        return [self.column(name)[complete] for name in names]

    def _complete(self, names: Iterable[str]) -> Tensor:
        complete = torch.tensor([True] * len(self.log), dtype=torch.bool)
        for name in names:
            complete = complete & self.column(name).isfinite()
        return complete

    def first_row(self, name: str) -> int | None:
        """Number of the first row that has a value in this column; None if none has."""
        rows = enumerate(self.column(name).tolist())
        return next((row for row, value in rows if math.isfinite(value)), None)

    def needs(self, *names: str) -> Said | None:
        """What to say if no row has a value in all of these columns."""
        if self.has(*names):
            return None
        missing = [name for name in names if not self.has(name)] or list(names)
        few = "no row has all of them" if len(missing) == len(names) > 1 else "the log has none"
        return cannot_tell(f"This needs {' and '.join(missing)}, and {few}.", self.read)

    @property
    def read(self) -> str:
        """Which columns there are."""
        return f"Columns read: {', '.join(self.log.columns)}."

    # ---- the settings --------------------------------------------------------------------------

    @property
    def beta(self) -> float:
        return self.settings.beta

    @property
    def loss_type(self) -> str:
        return self.settings.loss_type

    @property
    def loss_name(self) -> str:
        """The loss as messages name it."""
        return " + ".join(self.settings.loss_types) or self.loss_type

    @cached_property
    def convention(self) -> LossConvention | None:
        """What the trainer logs for this loss, if both are known."""
        trainer = self.settings.trainer or self.log.trainer
        return None if trainer is None else convention_here(trainer, self.loss_type)

    @property
    def has_reference(self) -> bool:
        """Whether rewards compare the policy with a reference, and so begin at 0."""
        if self.convention is not None:
            return self.convention.reward_with_reference
        return self.loss_type not in ALL_REFERENCE_FREE - WITH_LOG_RATIOS

    @property
    def with_beta(self) -> bool:
        """Whether logged rewards are multiplied by beta."""
        return self.convention is None or self.convention.reward_with_beta

    @cached_property
    def per_token(self) -> bool:
        """Whether rewards are means over tokens; of unknown trainers, log-probabilities tell it."""
        if self.convention is not None:
            return self.convention.reward_per_token
        if self.loss_type not in ALL_THAT_NEED_LENGTHS - WITH_LOG_RATIOS:
            return False
        return not self.has_reference or are_means(self.log)

    @property
    def tells_loss(self) -> bool:
        """Whether rewards determine the loss of a pair."""
        settings = self.settings
        per_token = self.loss_type in ALL_THAT_NEED_LENGTHS
        return (
            not settings.loss_types
            and settings.f_divergence_type == "reverse_kl"
            and self.loss_type in OF_REWARDS
            and per_token == self.per_token
        )

    def assumes(self, name: str) -> bool:
        """Whether a setting was not given, and the log does not show it."""
        return name in self.settings.assumed

    # ---- the course of the run -----------------------------------------------------------------

    @property
    def last_step(self) -> float:
        return self.log.steps[-1] if self.log.steps else 0.0

    @cached_property
    def starts_untouched(self) -> bool:
        """Whether the first row is of the policy before its first update.

        Trainers compute what they log of step 1 before they update. A later first row is an average
        over the steps before it, and a log without steps does not say which its first row is. But
        whatever its step, a row with the loss of the start and no margin is of a policy that has not
        moved.
        """
        if not self.log.steps:
            return False
        if self.log.steps[0] <= 1 and not self.log.numbered:
            return True
        start = loss_at_start(self.settings)
        if start is None or self.settings.loss_types:
            return False
        first = torch.stack([self.column("loss")[0] - start, self.column(MARGIN)[0]])
        return bool((first.abs() <= UNTOUCHED).all())

    @property
    def starts_with_an_interval(self) -> bool:
        """Whether the first row is of the steps up to it, and no excerpt from later in a run."""
        if len(self.log) < 2:
            return False
        if not self.log.numbered:
            return self.log.steps[0] <= 1.01 * (self.log.steps[1] - self.log.steps[0])
        epochs = self.together("epoch")[0]
        return len(epochs) > 1 and 0 < float(epochs[0]) <= 1.5 * float(epochs[1] - epochs[0])

    @property
    def starts_early(self) -> bool:
        """Whether a policy can hardly have learned before the first row: in the warm-up, say."""
        if self.starts_untouched:
            return True
        rates = self.together("learning_rate")[0]
        return len(rates) > 1 and float(rates[0]) <= 0.15 * float(rates.max())

    def at_rows(self) -> str:
        """How the evidence counts rows: by step, or by number."""
        return "row" if self.log.numbered else "step"


def early(values: Tensor) -> Tensor:
    """The first fifth of a curve, or its first value. Shape: (rows,) -> (fewer,)."""
    return values[: max(1, len(values) // PART)]


def late(values: Tensor) -> Tensor:
    """The last fifth of a curve, but three rows at least where there are so many."""
    return values[-max(min(3, len(values)), len(values) // PART) :]


def means(columns: Iterable[Tensor]) -> Tensor:
    """The mean of each column. Shapes: (rows,) each -> (columns,)."""
    return torch.stack([column.mean() for column in columns])


def standard_error(values: Tensor) -> float:
    """Of the mean of rows; infinite for a single one."""
    if len(values) < 2:
        return math.inf
    return float(values.std() / math.sqrt(len(values)))


def level(values: Tensor) -> float:
    """Mean of a part of a curve."""
    return float(values.mean())


def pairs_of_a_row(accuracies: Tensor) -> int | None:
    """Of how many pairs accuracies are shares: the least number up to 64 that fits all, or None."""
    values = torch.unique(accuracies)
    if len(values) < 2:
        return None
    for pairs in range(1, 65):
        if float((values * pairs - (values * pairs).round()).abs().max()) <= WHOLE:
            return pairs
    return None
