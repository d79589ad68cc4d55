"""What each trainer logs and calls its losses.

A name such as ``rewards/chosen`` does not mean the same in every trainer, nor does ``ipo``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.check.trainer_table import LossConvention, Trainer, trainer_table

Split = Literal["train", "eval"]


@lru_cache(maxsize=1)
def trainers() -> dict[str, Trainer]:
    """All trainers, by key."""
    return {trainer.key: trainer for trainer in trainer_table().trainers}


TRAINERS = tuple(trainers())
"""keys of all trainers"""


def usual_settings(trainer: str) -> dict[str, str | float]:
    """Our name of a trainer's loss and its beta, where it has them unless they are set."""
    its = trainers()[trainer]
    loss = None if its.loss_type is None else convention(trainer, its.loss_type)
    usual: dict[str, str | float] = {}
    if loss is not None and loss.here is not None:
        usual["loss_type"] = loss.here
    if its.beta is not None:
        usual["beta"] = its.beta
    return usual


def convention(trainer: str, loss_type: str) -> LossConvention | None:
    """What a trainer makes of a loss by its name there, or else by its name here."""
    losses = trainers()[trainer].losses
    by_its_name = (loss for loss in losses if loss.loss_type == loss_type)
    return next(by_its_name, None) or convention_here(trainer, loss_type)


def loss_here(trainer: str, loss_type: str) -> str:
    """A loss by its name here, if it is one of the trainer's; else as it was named."""
    named = convention(trainer, loss_type)
    return loss_type if named is None or named.here is None else named.here


def convention_here(trainer: str, loss_type: str) -> LossConvention | None:
    """The same of a loss by its name here."""
    return next((loss for loss in trainers()[trainer].losses if loss.here == loss_type), None)


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
    return tuple(key for key in TRAINERS if all(key in writers for writers in known))


@lru_cache(maxsize=1)
def _meanings() -> dict[str, list[Recognized]]:
    """Of every form of every name what it means to each trainer that writes it."""
    meanings: dict[str, list[Recognized]] = {}
    for trainer in trainer_table().trainers:
        for form, meaning in _forms(trainer).items():
            meanings.setdefault(form, []).append(meaning)
    return meanings


def _forms(trainer: Trainer) -> dict[str, Recognized]:
    """Every form of every name of a trainer, with what it means."""
    forms: dict[str, Recognized] = {}
    splits: list[tuple[Split, list[str]]] = [
        ("train", trainer.train_forms),
        ("eval", trainer.eval_forms),
    ]
    for split, templates in splits:
        for template in templates:
            for rank, name in enumerate(trainer.names):
                form = template.replace("{}", name.written.replace("{split}", split))
                forms.setdefault(form, Recognized(name.quantity, split, (trainer.key,), rank))
    return forms
