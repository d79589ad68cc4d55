"""The columns of a log as curves, and the statistics of them that several rules use."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from app.check.findings.rule import Said, cannot_tell
from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from app.lab.losses import LOSSES, NEEDS_LENGTHS, REFERENCE_FREE

REWARDS = ("rewards/chosen", "rewards/rejected")
LOGPS = ("logps/chosen", "logps/rejected")
REFERENCE_LOGPS = ("logps/ref_chosen", "logps/ref_rejected")
MARGIN = "rewards/margins"
ACCURACY = "rewards/accuracies"

PART = 5
"""a run's beginning and end are each this part of its rows"""


@dataclass(frozen=True)
class Curves:
    """A log under the settings of its run, as far as both are known."""

    log: TrainingLog
    settings: RunSettings

    @classmethod
    def of(cls, log: TrainingLog, settings: RunSettings) -> Curves:
        """What the log itself says of its run stands in for what nobody gave."""
        said = {name: log.settings[name] for name in settings.assumed if name in log.settings}
        if str(said.get("loss_type", "sigmoid")) not in LOSSES:
            said.pop("loss_type")
        known = replace(settings, **said, assumed=settings.assumed - said.keys())  # type: ignore[arg-type]
        return cls(log, known)

    def column(self, name: str) -> Tensor:
        """A column, NaN where a row has no finite value. Shape: (rows,)."""
        return self._columns.setdefault(name, self._read(name))

    @cached_property
    def _columns(self) -> dict[str, Tensor]:
        return {}

    def _read(self, name: str) -> Tensor:
        found = self._given(name)
        if name == MARGIN:
            found = found.where(~found.isnan(), self._given(REWARDS[0]) - self._given(REWARDS[1]))
        return found

    def _given(self, name: str) -> Tensor:
        given = self.log.columns.get(name) or [None] * len(self.log)
        values = [math.nan if value is None else value for value in given]
        found = torch.tensor(values, dtype=torch.float64)
        return found.where(found.isfinite(), math.nan)

    def has(self, *names: str) -> bool:
        """Whether some row has a value in all of these columns."""
        return len(self.steps(*names)) > 0

    def steps(self, *names: str) -> Tensor:
        """The steps of the rows that have a value in all of these columns. Shape: (those,)."""
        return torch.tensor(self.log.steps, dtype=torch.float64)[self._complete(names)]

    def together(self, *names: str) -> Tensor:
        """The columns in the rows that have a value in all of them. Shape: (columns, rows)."""
        columns = torch.stack([self.column(name) for name in names])
        return columns[:, self._complete(names)]

    def _complete(self, names: tuple[str, ...]) -> Tensor:
        complete = torch.ones(len(self.log), dtype=torch.bool)
        for name in names:
            complete &= self.column(name).isfinite()
        return complete

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
    def has_reference(self) -> bool:
        """Whether rewards compare the policy with a reference, and so begin at 0."""
        return self.loss_type not in REFERENCE_FREE

    @property
    def per_token(self) -> bool:
        """Whether rewards are means over tokens."""
        return self.loss_type in NEEDS_LENGTHS

    def given(self, *names: str) -> str:
        """How a message speaks of settings: as given, or as assumed."""
        return "assumed" if self.settings.assumed & set(names) else "given"

    # ---- the course of the run -----------------------------------------------------------------

    @property
    def last_step(self) -> float:
        return self.log.steps[-1] if self.log.steps else 0.0

    @property
    def starts_untouched(self) -> bool:
        """Whether the first row is of the policy before its first update.

        Trainers compute what they log of step 1 before they update. A later first row is an average
        over the steps before it, and a log without steps does not say which its first row is.
        """
        return bool(self.log.steps) and self.log.steps[0] <= 1 and not self.log.numbered

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
    """The first fifth of a curve, or its first value. Shape: (..., rows) -> (..., fewer)."""
    return values[..., : max(1, values.shape[-1] // PART)]


def late(values: Tensor) -> Tensor:
    """The last fifth of a curve, but three rows at least where there are so many."""
    return values[..., -max(min(3, values.shape[-1]), values.shape[-1] // PART) :]


def standard_error(values: Tensor) -> float:
    """Of the mean of rows; infinite for a single one."""
    if len(values) < 2:
        return math.inf
    return float(values.std() / math.sqrt(len(values)))


def level(values: Tensor) -> float:
    """Mean of a part of a curve."""
    return float(values.mean())
