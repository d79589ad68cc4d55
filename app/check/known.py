"""What a log says of its own run, in place of what nobody gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from app.check.trainers import trainers
from app.lab.more_losses import ALL_LOSSES


def known_settings(settings: RunSettings, log: TrainingLog) -> RunSettings:
    """The settings of a run, as far as they were given, are in its log, or are usual for its trainer."""
    known: dict[str, Any] = {}
    if settings.trainer is None and log.trainer is not None:
        known["trainer"] = log.trainer
        # Usual for a trainer that was recognized, but still nobody's word.
        usual = trainers()[log.trainer].usual()
        settings = replace(settings, **_unless_given(settings, usual))
    said: dict[str, Any] = dict(log.settings)
    loss_type = _named_here(str(said.pop("loss_type", "")), known.get("trainer", settings.trainer))
    if loss_type is not None:
        said["loss_type"] = loss_type
    known |= _unless_given(settings, said)
    return replace(settings, **known, assumed=settings.assumed - known.keys())


def _unless_given(settings: RunSettings, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in settings.assumed}


def _named_here(loss_type: str, trainer: str | None) -> str | None:
    """The loss that a log names, by its name here; None if it is not known."""
    if trainer is not None:
        named = trainers()[trainer].convention(loss_type)
        return None if named is None else named.here
    return loss_type if loss_type in ALL_LOSSES else None
