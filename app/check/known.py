"""What a log says or shows of its own run, in place of what nobody gave."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.check.trainers import convention, usual_settings
from app.lab.more_losses import ALL_LOSSES


def known_settings(settings: RunSettings, log: TrainingLog) -> RunSettings:
    """The settings of a run, as far as they were given, are in its log, or are usual for its trainer."""
    known: dict[str, Any] = {}
    if settings.trainer is None and log.trainer is not None:
        known["trainer"] = log.trainer
        # Usual for a trainer that was recognized, but still nobody's word.
        usual = usual_settings(log.trainer)
        settings = replace(settings, **_unless_given(settings, usual))
    said: dict[str, Any] = dict(log.settings)
    loss_type = _named_here(str(said.pop("loss_type", "")), known.get("trainer", settings.trainer))
    if loss_type is not None:
        said["loss_type"] = loss_type
    known |= _unless_given(settings, said)
    known_ = replace(settings, **known, assumed=settings.assumed - known.keys())
    return _as_rewarded(known_, log)


def _as_rewarded(settings: RunSettings, log: TrainingLog) -> RunSettings:
    """Where no loss is known: rewards that are a multiple of means over tokens are those of simpo, or alike.

    The loss stays assumed, since orpo and others have such rewards too; but none of them has a reference.
    """
    if "loss_type" not in settings.assumed or settings.loss_types or not are_means(log):
        return settings
    factor = _reward_of_a_mean(log)
    if factor is None:
        return settings
    beta = factor if "beta" in settings.assumed else settings.beta
    return replace(settings, loss_type="simpo", beta=beta)


LONGEST_MEAN = 20.0
"""nats from which a log-probability is no mean over tokens"""


def are_means(log: TrainingLog) -> bool:
    """Whether log-probabilities are as small as means over tokens are; so too if there are none."""
    values = [
        value for name in LOGGED_LOGPS for value in log.columns.get(name, []) if value is not None
    ]
    return sum(abs(value) > LONGEST_MEAN for value in values) <= len(values) / 10


def _reward_of_a_mean(log: TrainingLog) -> float | None:
    """The factor of rewards that are a multiple of log-probabilities in all rows; None if they are not."""
    factors = [
        reward / logp
        for reward_name, logp_name in zip(LOGGED_REWARDS, LOGGED_LOGPS, strict=True)
        for reward, logp in zip(
            log.columns.get(reward_name, []), log.columns.get(logp_name, []), strict=False
        )
        if reward and logp and math.isfinite(reward / logp)
    ]
    if len(factors) < 2 or min(factors) <= 0 or max(factors) > 1.02 * min(factors):
        return None
    return float(f"{sum(factors) / len(factors):.3g}")


def _unless_given(settings: RunSettings, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in settings.assumed}


def _named_here(loss_type: str, trainer: str | None) -> str | None:
    """The loss that a log names, by its name here; None if it is not known."""
    if trainer is not None:
        named = convention(trainer, loss_type)
        return None if named is None else named.here
    return loss_type if loss_type in ALL_LOSSES else None
