"""What each trainer logs and calls its losses: one table, read from a data file.

A name such as ``rewards/chosen`` does not mean the same in every trainer, nor does ``ipo``. Each
entry of the table is true of the version that it names, and says in which files that was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

from pydantic import Field, model_validator

from app.check.tables import LOGGED
from app.paths import DATA, Strict

Split = Literal["train", "eval"]


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

    def written(self) -> dict[str, tuple[LoggedName, Split]]:
        """Every form of every name, with what it is."""
        forms: dict[str, tuple[LoggedName, Split]] = {}
        splits: list[tuple[Split, list[str]]] = [
            ("train", self.train_forms),
            ("eval", self.eval_forms),
        ]
        for split, templates in splits:
            for template in templates:
                for name in self.names:
                    form = template.replace("{}", name.written.replace("{split}", split))
                    forms.setdefault(form, (name, split))
        return forms

    def usual(self) -> dict[str, str | float]:
        """Its loss by our name and its beta, where it has them unless they are set."""
        loss = None if self.loss_type is None else self.convention(self.loss_type)
        usual: dict[str, str | float] = {}
        if loss is not None and loss.here is not None:
            usual["loss_type"] = loss.here
        if self.beta is not None:
            usual["beta"] = self.beta
        return usual

    def convention(self, loss_type: str) -> LossConvention | None:
        """Of the loss by its name there, or else by its name here."""
        for loss in self.losses:
            if loss.loss_type == loss_type:
                return loss
        return next((loss for loss in self.losses if loss.here == loss_type), None)


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


STEP = "step"
"""key of the count of updates, which is no column of a log but its axis"""


@lru_cache(maxsize=1)
def trainer_table() -> TrainerTable:
    """The table of ``app/data/trainers.json``."""
    return TrainerTable.model_validate_json((DATA / "trainers.json").read_bytes())


@lru_cache(maxsize=1)
def trainers() -> dict[str, Trainer]:
    """All trainers, by key."""
    return {trainer.key: trainer for trainer in trainer_table().trainers}


TRAINERS = tuple(trainers())
"""keys of all trainers"""


@dataclass(frozen=True)
class Recognized:
    """What a column of a log may be."""

    quantity: str | None
    """one of ``LOGGED``, ``STEP``, or what is logged besides; None: known, but of no use"""
    split: Split
    trainers: tuple[str, ...]
    """those that write it, by key"""
    rank: int
    """the lower, the better, where several columns are the same quantity"""


def recognize(name: str, trainer: str | None = None) -> Recognized | None:
    """What a logged name means: to that trainer, or to the first that writes it; None: to none."""
    meanings = _meanings().get(name, [])
    if trainer is not None:
        meanings = [meaning for meaning in meanings if trainer in meaning.trainers] or meanings
    if not meanings:
        return None
    first = meanings[0]
    agree = tuple(
        meaning.trainers[0]
        for meaning in meanings
        if (meaning.quantity, meaning.split) == (first.quantity, first.split)
    )
    return Recognized(first.quantity, first.split, agree, first.rank)


def trainers_of(names: Iterable[str]) -> tuple[str, ...]:
    """Keys of the trainers that write all those of the names that any trainer writes."""
    forms = [{meaning.trainers[0] for meaning in _meanings().get(name, [])} for name in names]
    known = [writers for writers in forms if writers]
    if not known:
        return ()
    common = set.intersection(*known)
    return tuple(key for key in TRAINERS if key in common)


@lru_cache(maxsize=1)
def _meanings() -> dict[str, list[Recognized]]:
    """Of every form of every name what it means to each trainer that writes it."""
    meanings: dict[str, list[Recognized]] = {}
    for trainer in trainer_table().trainers:
        for form, (name, split) in trainer.written().items():
            rank = trainer.names.index(name)
            meanings.setdefault(form, []).append(
                Recognized(name.quantity, split, (trainer.key,), rank)
            )
    return meanings
