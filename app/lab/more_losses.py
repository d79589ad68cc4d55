"""Further losses of trainers, and what trainers can do to any loss.

The sixteen of ``app.lab.losses`` are those that the figures show; here are the others that TRL 1.16
has, by its names. Losses of its CPOTrainer, which share names with those of DPOTrainer, begin with
``cpo_``. As there, every function takes tensors of shape (pairs,) and returns one loss per pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.losses import (
    LOSSES,
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    USES_LABEL_SMOOTHING,
    Loss,
    PairLogps,
    check_label_smoothing,
    sigma,
)

# ---- losses ------------------------------------------------------------------------------------


def aot(pairs: PairLogps, beta: float) -> Tensor:
    """AOT on pairs, arXiv 2406.05882, as ``aot`` in TRL 1.16 and 0.24.

    Policy and reference each prefer chosen to rejected by some nats: both lists are sorted over the
    batch, and compared rank by rank. Losses are those of ranks, from the lowest, not of pairs.
    """
    policy = (pairs.policy_chosen - pairs.policy_rejected).sort().values
    reference = (pairs.reference_chosen - pairs.reference_rejected).sort().values
    return _logistic(pairs, beta * (policy - reference))


def aot_unpaired(pairs: PairLogps, beta: float) -> Tensor:
    """AOT on chosen and rejected apart, arXiv 2406.05882: ``aot_pair`` in TRL 0.24.

    Log-ratios of chosen and of rejected responses are sorted, and compared rank by rank.
    """
    return _logistic(pairs, beta * (pairs.chosen.sort().values - pairs.rejected.sort().values))


def sft(pairs: PairLogps, _beta: float) -> Tensor:
    """Negative log-likelihood of the chosen responses, a mean over all tokens of the batch (TRL 1.16).

    Every pair gets the same number; a long response weighs more than a short one. No beta.
    """
    lengths, _ = pairs.lengths()
    return (-pairs.policy_chosen.sum() / lengths.sum()).expand(len(lengths))


def apo_zero_unpaired(pairs: PairLogps, beta: float) -> Tensor:
    """APO-zero, Eq. 7 of arXiv 2408.06266, on single responses, as in the KTOTrainer of TRL 1.16.

    The sum over both halves of a pair; the trainer averages over responses, and logs half of the mean.
    """
    desirable, undesirable = sigma(-beta * pairs.chosen), sigma(beta * pairs.rejected)
    return pairs.params.desirable_weight * desirable + pairs.params.undesirable_weight * undesirable


def alphapo(pairs: PairLogps, beta: float) -> Tensor:
    """AlphaPO, arXiv 2501.03884: SimPO with a reward (1 - p^-alpha) / alpha for log p.

    p is exp(mean token log-probability), as in the CPOTrainer of TRL 1.16; alpha = 0 is SimPO.
    """
    chosen, rejected = alphapo_rewards(pairs)
    return _logistic(pairs, beta * (chosen - rejected) - pairs.params.simpo_gamma)


def alphapo_rewards(pairs: PairLogps) -> tuple[Tensor, Tensor]:
    """The rewards of AlphaPO, before beta. Shapes: (pairs,)."""
    chosen, rejected = _mean_logps(pairs)
    alpha = pairs.params.alphapo_alpha
    if alpha == 0:
        return chosen, rejected
    return -torch.expm1(-alpha * chosen) / alpha, -torch.expm1(-alpha * rejected) / alpha


def cpo_sigmoid(pairs: PairLogps, beta: float) -> Tensor:
    """CPO's preference term, Eq. 3 of arXiv 2401.08417: DPO without a reference.

    The CPOTrainer of TRL 1.16 adds ``cpo_alpha`` times ``sft``: a weighted list of the two.
    """
    return _logistic(pairs, beta * (pairs.policy_chosen - pairs.policy_rejected))


def cpo_hinge(pairs: PairLogps, beta: float) -> Tensor:
    """max(0, 1 - beta difference of log-probabilities), as ``hinge`` in the CPOTrainer of TRL 1.16."""
    return torch.relu(1 - beta * (pairs.policy_chosen - pairs.policy_rejected))


def cpo_ipo(pairs: PairLogps, beta: float) -> Tensor:
    """IPO on mean token log-probabilities without a reference: ``ipo`` in the CPOTrainer of TRL 1.16."""
    chosen, rejected = _mean_logps(pairs)
    return (chosen - rejected - 1 / (2 * beta)).square()


MORE_LOSSES: dict[str, Loss] = {
    "aot": aot,
    "aot_unpaired": aot_unpaired,
    "sft": sft,
    "apo_zero_unpaired": apo_zero_unpaired,
    "alphapo": alphapo,
    "cpo_sigmoid": cpo_sigmoid,
    "cpo_hinge": cpo_hinge,
    "cpo_ipo": cpo_ipo,
}

ALL_LOSSES: dict[str, Loss] = {**LOSSES, **MORE_LOSSES}
"""every loss of the API, by name"""

ALL_THAT_NEED_LENGTHS = NEEDS_LENGTHS | {"sft", "alphapo", "cpo_ipo"}
ALL_REFERENCE_FREE = REFERENCE_FREE | {"sft", "alphapo", "cpo_sigmoid", "cpo_hinge", "cpo_ipo"}
ALL_THAT_SMOOTH = USES_LABEL_SMOOTHING | {"aot", "aot_unpaired", "alphapo", "cpo_sigmoid"}
"""losses with a term for flipped labels"""

OF_SINGLE_RESPONSES = frozenset({"kto", "apo_zero_unpaired"})
"""losses that trainers average over the 2n responses of n pairs: they log half of the mean of pairs"""

OF_THE_BATCH = frozenset({"aot", "aot_unpaired", "sft"})
"""losses that cannot be told of one pair without the others"""

READ_BY: dict[str, frozenset[str]] = {
    "label_smoothing": ALL_THAT_SMOOTH,
    "simpo_gamma": frozenset({"simpo", "alphapo"}),
    "kto_reference_point": frozenset({"kto"}),
    "desirable_weight": OF_SINGLE_RESPONSES,
    "undesirable_weight": OF_SINGLE_RESPONSES,
    "reward_shift": frozenset({"bco_pair"}),
    "discopop_tau": frozenset({"discopop"}),
    "alphapo_alpha": frozenset({"alphapo"}),
}
"""the losses that depend on each parameter beside beta"""

# ---- what trainers can do to any loss ----------------------------------------------------------

F_DIVERGENCES = ("reverse_kl", "forward_kl", "js_divergence", "alpha_divergence")

F_DIVERGENCE_LOSSES = frozenset(
    {
        *("sigmoid", "sigmoid_norm", "hinge", "ipo", "ipo_norm"),
        *("exo_pair", "robust", "discopop", "sft"),
    }
)
"""losses that compare two rewards, and so are defined under every f-divergence; sft ignores it"""


@dataclass(frozen=True)
class FDivergence:
    """What holds the policy near the reference (f-DPO, arXiv 2309.16240), as in TRL 1.16."""

    kind: str = "reverse_kl"
    """one of ``F_DIVERGENCES``"""
    alpha: float = 0.5
    """of alpha_divergence; TRL 0.24 writes 1 - alpha for it"""

    def score(self, log_ratio: Tensor) -> Tensor:
        """f'(t) for t = pi_theta / pi_ref, but for a constant: what stands in the place of log t."""
        if self.kind == "forward_kl":
            return -torch.expm1(-log_ratio)
        if self.kind == "js_divergence":
            return F.logsigmoid(log_ratio) - F.logsigmoid(torch.zeros_like(log_ratio))
        if self.kind == "alpha_divergence" and self.alpha != 1:
            power = self.alpha - 1
            return torch.expm1(power * log_ratio) / power
        return log_ratio

    def scored(self, pairs: PairLogps) -> PairLogps:
        """Pairs whose log-ratios are the scores of these."""
        zero = torch.zeros_like(pairs.chosen)
        chosen, rejected = self.score(pairs.chosen), self.score(pairs.rejected)
        return replace(
            pairs,
            policy_chosen=chosen,
            policy_rejected=rejected,
            reference_chosen=zero,
            reference_rejected=zero,
        )


REVERSE_KL = FDivergence()


@dataclass(frozen=True)
class WeightedLoss:
    """One of several losses that are added up."""

    loss_type: str
    weight: float = 1.0


def weighted_loss(
    losses: Sequence[WeightedLoss],
    pairs: PairLogps,
    beta: float,
    divergence: FDivergence = REVERSE_KL,
    pair_weights: Tensor | None = None,
) -> Tensor:
    """Several losses of ``ALL_LOSSES``, added up with their weights, such as MPO (arXiv 2411.10442).

    Args:
        pair_weights: what each pair is multiplied by, such as the weights of WPO (arXiv 2406.11827)

    Shape: (pairs,).

    Raises:
        KeyError: a loss is unknown
        ValueError: the label smoothing or the f-divergence is one that none of the losses, or not all
            of them, can use, or a length is missing
    """
    check_loss_params([loss.loss_type for loss in losses], pairs.params.label_smoothing, divergence)
    scored = pairs if divergence.kind == "reverse_kl" else divergence.scored(pairs)
    total = torch.zeros_like(pairs.policy_chosen)
    for loss in losses:
        of = pairs if loss.loss_type == "sft" else scored
        total = total + loss.weight * ALL_LOSSES[loss.loss_type](of, beta)
    return total if pair_weights is None else pair_weights * total


def logged(losses: Sequence[WeightedLoss]) -> tuple[WeightedLoss, ...]:
    """The same losses as trainers log them: half of those whose mean they take over single responses."""
    return tuple(
        replace(loss, weight=loss.weight / 2) if loss.loss_type in OF_SINGLE_RESPONSES else loss
        for loss in losses
    )


def any_loss(loss_type: str, pairs: PairLogps, beta: float) -> Tensor:
    """Loss of each pair under one of ``ALL_LOSSES``; raises as ``weighted_loss``. Shape: (pairs,)."""
    return weighted_loss([WeightedLoss(loss_type)], pairs, beta)


def logged_loss(loss_type: str, pairs: PairLogps, beta: float) -> Tensor:
    """The same as trainers log it: of kto and apo_zero_unpaired the mean of both halves."""
    return weighted_loss(logged([WeightedLoss(loss_type)]), pairs, beta)


def check_loss_params(
    loss_types: Sequence[str], label_smoothing: float, divergence: FDivergence = REVERSE_KL
) -> None:
    """Refuse what these losses cannot use. Raises ValueError naming the parameter and its range."""
    smoothing = [name for name in loss_types if name in ALL_THAT_SMOOTH]
    check_label_smoothing((smoothing or loss_types)[0], label_smoothing, ALL_THAT_SMOOTH)
    if divergence.kind == "reverse_kl":
        return
    for name in loss_types:
        if name not in F_DIVERGENCE_LOSSES:
            raise ValueError(f"f_divergence_type must be reverse_kl for {name}")


# ---- LD-DPO ------------------------------------------------------------------------------------


def desensitized(logp: Tensor, further: Tensor, ld_alpha: float) -> Tensor:
    """Log-probability with less weight on length (LD-DPO, arXiv 2409.06411). Shape: (pairs,).

    ``further`` is the part of ``logp`` on the tokens by which a response is longer than the other of
    its pair; it counts ``ld_alpha`` times. TRL 1.16 does so for policy and reference, TRL 0.24 and
    LLaMA-Factory for the policy alone.
    """
    return logp - (1 - ld_alpha) * further


def _logistic(pairs: PairLogps, logits: Tensor) -> Tensor:
    e = pairs.params.label_smoothing
    return -(1 - e) * F.logsigmoid(logits) - e * F.logsigmoid(-logits)


def _mean_logps(pairs: PairLogps) -> tuple[Tensor, Tensor]:
    chosen_lengths, rejected_lengths = pairs.lengths()
    return pairs.policy_chosen / chosen_lengths, pairs.policy_rejected / rejected_lengths
