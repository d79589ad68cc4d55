"""The loss and the rewards that a trainer would log for pairs, under the settings of its run."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from app.check.settings import RunSettings
from app.check.trainers import convention_here
from app.lab.losses import PairLogps
from app.lab.more_losses import ALL_REFERENCE_FREE, ALL_THAT_NEED_LENGTHS, logged, weighted_loss
from app.lab.rewards import plain_rewards, rewarded, rewards


def computable(loss_type: str, *, lengths: bool, reference: bool) -> bool:
    """Whether a loss can be computed from what a file has."""
    return (lengths or loss_type not in ALL_THAT_NEED_LENGTHS) and (
        reference or loss_type in ALL_REFERENCE_FREE
    )


def losses_of(pairs: PairLogps, settings: RunSettings) -> Tensor:
    """The loss of each pair, in the convention of trainers: of kto the mean of both halves.

    Shape: (pairs,). Raises as ``app.lab.more_losses.weighted_loss``.
    """
    pairs = replace(pairs, params=settings.loss_params)
    return weighted_loss(logged(settings.losses), pairs, settings.beta, settings.divergence)


def rewards_of(pairs: PairLogps, settings: RunSettings) -> tuple[Tensor, Tensor]:
    """The rewards that are logged for chosen and rejected responses.

    Those of the loss, unless the trainer is known to log others: TRL 1.16 logs sums for its ipo,
    whose loss takes means over tokens, and HALOs leaves out beta for some.

    Shapes: (pairs,). Raises ValueError if a length is missing.
    """
    loss_type = rewarded(settings.losses)
    pairs = replace(pairs, params=settings.loss_params)
    found = None
    if settings.trainer is not None and loss_type != "alphapo":
        found = convention_here(settings.trainer, loss_type)
    if found is None:
        return rewards(loss_type, pairs, settings.beta)
    return plain_rewards(
        pairs,
        settings.beta if found.reward_with_beta else 1.0,
        per_token=found.reward_per_token,
        with_reference=found.reward_with_reference,
    )
