"""Training losses that are no preference losses of the family, for comparison with DPO.

The same signature as in ``losses``: log-probabilities of pairs in, one loss per pair out.
"""

from __future__ import annotations

from torch import Tensor

from app.lab.losses import LOSSES, Loss, PairLogps, preference_loss, sigmoid


def preferred_ft(pairs: PairLogps, beta: float) -> Tensor:  # noqa: ARG001
    """Preferred-FT: SFT on the chosen responses, -log pi(y_w|x) (arXiv 2305.18290 section 6).

    It has no temperature; ``beta`` is not read.
    """
    return -pairs.policy_chosen


def unlikelihood(pairs: PairLogps, beta: float) -> Tensor:
    """Unlikelihood: chosen up, rejected down, -log pi(y_w|x) + alpha log pi(y_l|x).

    As the baseline of arXiv 2305.18290 section 6; ``beta`` is its coefficient alpha. Unbounded
    below: the rejected response can always become less likely.
    """
    return -pairs.policy_chosen + beta * pairs.policy_rejected


def sigmoid_nll(pairs: PairLogps, beta: float) -> Tensor:
    """DPO plus the token-mean NLL of the chosen response (Iterative RPO, arXiv 2404.19733)."""
    chosen_lengths, _ = pairs.lengths()
    return sigmoid(pairs, beta) - pairs.policy_chosen / chosen_lengths


BASELINES: dict[str, Loss] = {
    loss.__name__: loss for loss in (preferred_ft, unlikelihood, sigmoid_nll)
}


def training_loss(loss_type: str, pairs: PairLogps, beta: float) -> Tensor:
    """Loss of each pair under a preference loss or a baseline. Shape: (pairs,).

    Raises:
        KeyError: unknown ``loss_type``
        ValueError: as ``preference_loss``
    """
    if loss_type in LOSSES:
        return preference_loss(loss_type, pairs, beta)
    return BASELINES[loss_type](pairs, beta)
