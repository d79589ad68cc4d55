"""The table of what each trainer logs and calls its losses, read from a data file.

Each entry is true of the version that it names, and says in which files that was read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Self

from pydantic import Field, model_validator

from app.check.tables import LOGGED, STEP
from app.paths import DATA, Strict


class LoggedQuantity(Strict):
    """What can be logged, by the name that it has here."""

    key: str = Field(description="its name here: TRL's, or step")
    name: str = Field(description="in words")
    meaning: str = Field(description="what it is and what to expect of it")
    formula: str = Field(description="what is computed")
    unit: str = Field(description="its unit")


class LoggedName(Strict):
    """A name that a trainer writes."""

    written: str = Field(description="as in the log; {split} stands for train or eval")
    quantity: str | None = Field(description="key of what it means; null if it has none")
    note: str = Field(description="what is special with this trainer; empty if nothing is")


class LossConvention(Strict):
    """What a trainer computes under the name of a loss."""

    loss_type: str = Field(description="name of the loss there")
    here: str | None = Field(description="its loss_type here; null if it is not here")
    start: str | None = Field(
        description="its value while the policy equals the reference; null if it has no such value"
    )
    reward: str = Field(description="what is logged as the reward of a response")
    note: str = Field(description="what else to know; empty if nothing")
    reward_per_token: bool = Field(description="logged rewards are means over tokens, not sums")
    reward_with_reference: bool = Field(description="logged rewards compare with the reference")
    reward_with_beta: bool = Field(description="logged rewards are multiplied by beta")
    per_pair: float = Field(
        1.0,
        description="logged loss divided by the loss here: 0.5 where single responses are averaged",
    )


class SettingNames(Strict):
    """What a trainer calls its settings."""

    beta: str = Field(description="the coefficient beta")
    loss_type: str = Field(description="the choice of the loss")


class Trainer(Strict):
    """The names and conventions of a trainer."""

    key: str = Field(description="its name in requests")
    name: str = Field(description="in words")
    version: str = Field(description="the version of which all this is true")
    url: str = Field(description="where it is published")
    sources: list[str] = Field(description="files of that version in which it was read")
    train_forms: list[str] = Field(description="how a name is logged in training; {} is the name")
    eval_forms: list[str] = Field(description="how a name is logged in evaluation")
    settings: SettingNames = Field(description="what its settings are called")
    beta: float | None = Field(description="beta unless set; null if it has to be set")
    loss_type: str | None = Field(
        description="its loss unless set, by its name there; null if it has to be set"
    )
    names: list[LoggedName] = Field(
        description="what it logs; of two names for one quantity the better comes first"
    )
    losses: list[LossConvention] = Field(description="its losses")
    notes: list[str] = Field(description="what else to know, a sentence each")


class TrainerTable(Strict):
    """What the names in a trainer's log mean, per trainer and version."""

    quantities: list[LoggedQuantity] = Field(description="what can be logged")
    trainers: list[Trainer] = Field(description="who logs it, under which names")

    @model_validator(mode="after")
    def _names_are_explained(self) -> Self:
        keys = {quantity.key for quantity in self.quantities}
        if missing := {*LOGGED, STEP} - keys:
            raise ValueError(f"not explained: {', '.join(sorted(missing))}")
        for trainer in self.trainers:
            for name in trainer.names:
                if name.quantity is not None and name.quantity not in keys:
                    raise ValueError(f"{trainer.key}: {name.written} is an unknown quantity")
        return self


@lru_cache(maxsize=1)
def trainer_table() -> TrainerTable:
    """The table of ``app/data/trainers.json``."""
    return TrainerTable.model_validate_json((DATA / "trainers.json").read_bytes())
