"""What each loss calls the reward of a response: what a trainer logs as rewards/chosen.

Losses that average over tokens have rewards that do, and losses without a reference have rewards
without one. Trainers do not all follow their losses: ``app/data/trainers.json`` says which do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from app.lab.losses import PairLogps
from app.lab.more_losses import (
    ALL_REFERENCE_FREE,
    ALL_THAT_NEED_LENGTHS,
    WeightedLoss,
    alphapo_rewards,
)

WITH_LOG_RATIOS = frozenset({"sft"})
"""losses without a reference whose trainer logs log-ratios to it all the same"""


def rewards(loss_type: str, pairs: PairLogps, beta: float) -> tuple[Tensor, Tensor]:
    """Rewards of chosen and rejected responses under one of ``ALL_LOSSES``, without gradient.

    beta times the log-ratio to the reference; its mean over tokens for ipo_norm and sigmoid_norm;
    beta times the log-probability for cpo_sigmoid and cpo_hinge; beta times the mean token
    log-probability for simpo, orpo and cpo_ipo; beta times AlphaPO's reward for alphapo.

    Shapes: (pairs,). Raises ValueError if a length is missing.
    """
    if loss_type == "alphapo":
        chosen, rejected = alphapo_rewards(pairs)
        return (beta * chosen).detach(), (beta * rejected).detach()
    return plain_rewards(
        pairs,
        beta,
        per_token=loss_type in ALL_THAT_NEED_LENGTHS - WITH_LOG_RATIOS,
        with_reference=loss_type not in ALL_REFERENCE_FREE - WITH_LOG_RATIOS,
    )


def rewarded(losses: Sequence[WeightedLoss]) -> str:
    """Which of several losses the rewards are of: the first that compares a pair."""
    names = [loss.loss_type for loss in losses]
    return next((name for name in names if name != "sft"), names[0])


def plain_rewards(
    pairs: PairLogps, beta: float, *, per_token: bool, with_reference: bool
) -> tuple[Tensor, Tensor]:
    """beta times log-ratios or log-probabilities, sums or means over tokens. Shapes: (pairs,)."""
    chosen, rejected = (
        (pairs.chosen, pairs.rejected)
        if with_reference
        else (pairs.policy_chosen, pairs.policy_rejected)
    )
    if per_token:
        chosen_lengths, rejected_lengths = pairs.lengths()
        chosen, rejected = chosen / chosen_lengths, rejected / rejected_lengths
    return (beta * chosen).detach(), (beta * rejected).detach()


def accuracy(margins: Tensor) -> float:
    """Share of pairs with a margin above 0; a tie counts as wrong, as in trainers."""
    return (margins > 0).double().mean().item()
