"""Settings of a run of which some were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.check.settings import RunSettings
from app.check.trainers import usual_settings


def settings_given(given: Mapping[str, Any]) -> RunSettings:
    """The fields that were given; others are usual for the trainer, or by default, and marked as assumed."""
    settings, trainer = RunSettings(), given.get("trainer")
    usual = {} if trainer is None else usual_settings(trainer)
    assumed = {name for name in vars(settings) if name not in given and name != "assumed"}
    return replace(settings, **{**usual, **given}, assumed=frozenset(assumed))
