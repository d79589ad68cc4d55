"""The family of preference losses, each a plain function of log-probabilities.

Every function takes tensors of shape (pairs,) and returns one loss per pair; the caller reduces.
Notation: ``chosen`` and ``rejected`` are log-ratios, log pi_theta(y|x) - log pi_ref(y|x), summed
over tokens, in nats; ``beta`` is the temperature; implicit rewards are beta times log-ratios. Names
follow TRL's ``loss_type``, except that its length-averaged ``ipo`` is ``ipo_norm`` here: ``ipo`` is
the summed form of the paper and of the DPO authors' code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Set
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class LossParams:
    """Parameters beside beta, each read by the losses that have it; most are named as in TRL."""

    label_smoothing: float = 0.0
    """assumed share of flipped labels"""
    simpo_gamma: float = 0.5
    """target margin"""
    kto_reference_point: float = 0.0
    """z0 of kto, nats"""
    desirable_weight: float = 1.0
    """of the chosen half, kto and apo_zero_unpaired"""
    undesirable_weight: float = 1.0
    """of the rejected half, kto and apo_zero_unpaired"""
    reward_shift: float = 0.0
    """delta of bco_pair: a running mean of rewards, as it stood when the loss was computed"""
    discopop_tau: float = 0.05
    alphapo_alpha: float = 0.0
    """shape of AlphaPO's reward; 0 is SimPO's"""


@dataclass(frozen=True)
class PairLogps:
    """Log-probabilities of chosen and rejected responses, all of shape (pairs,), in nats.

    Lengths are counts of completion tokens; only some losses need them.
    """

    policy_chosen: Tensor
    policy_rejected: Tensor
    reference_chosen: Tensor
    reference_rejected: Tensor
    chosen_lengths: Tensor | None = None
    rejected_lengths: Tensor | None = None
    params: LossParams = LossParams()

    @property
    def chosen(self) -> Tensor:
        """Log-ratio of the chosen response, nats. Shape: (pairs,)."""
        return self.policy_chosen - self.reference_chosen

    @property
    def rejected(self) -> Tensor:
        """Log-ratio of the rejected response, nats. Shape: (pairs,)."""
        return self.policy_rejected - self.reference_rejected

    def lengths(self) -> tuple[Tensor, Tensor]:
        """Both lengths in tokens. Shapes: (pairs,). Raises ValueError if one is not given."""
        if self.chosen_lengths is None or self.rejected_lengths is None:
            raise ValueError(
                "a loss of means over tokens needs chosen_lengths and rejected_lengths"
            )
        return self.chosen_lengths, self.rejected_lengths


def implicit_rewards(pairs: PairLogps, beta: float) -> tuple[Tensor, Tensor]:
    """beta log(pi_theta / pi_ref) of chosen and rejected (DPO section 4, arXiv 2305.18290).

    Shapes: (pairs,), without gradient.
    """
    return (beta * pairs.chosen).detach(), (beta * pairs.rejected).detach()


def sigmoid(pairs: PairLogps, beta: float) -> Tensor:
    """DPO, Eq. 7 of arXiv 2305.18290; with label smoothing e it is conservative DPO (cDPO).

    -(1 - e) log sigma(beta D) - e log sigma(-beta D), D the difference of log-ratios.
    """
    logits = beta * (pairs.chosen - pairs.rejected)
    e = pairs.params.label_smoothing
    return -(1 - e) * F.logsigmoid(logits) - e * F.logsigmoid(-logits)


def robust(pairs: PairLogps, beta: float) -> Tensor:
    """rDPO, arXiv 2403.00409: unbiased when a share e < 1/2 of labels is flipped. Can be < 0.

    (-(1 - e) log sigma(beta D) + e log sigma(-beta D)) / (1 - 2e). The second logarithm is the first
    less beta D: put in, nothing is left that cancels where e is near 1/2.
    """
    logits = beta * (pairs.chosen - pairs.rejected)
    e = pairs.params.label_smoothing
    return -F.logsigmoid(logits) - e / (1 - 2 * e) * logits


def hinge(pairs: PairLogps, beta: float) -> Tensor:
    """max(0, 1 - beta D): SLiC-HF (arXiv 2305.10425) as in RSO (arXiv 2309.06657)."""
    return torch.relu(1 - beta * (pairs.chosen - pairs.rejected))


def ipo(pairs: PairLogps, beta: float) -> Tensor:
    """IPO on summed log-ratios, Eq. 17 of arXiv 2310.12036: (D - 1 / (2 beta))^2."""
    return (pairs.chosen - pairs.rejected - 1 / (2 * beta)).square()


def ipo_norm(pairs: PairLogps, beta: float) -> Tensor:
    """IPO (arXiv 2310.12036) on log-ratios averaged over tokens, as TRL computes its ``ipo``."""
    chosen, rejected = _per_token(pairs)
    return (chosen - rejected - 1 / (2 * beta)).square()


EXO_SMOOTHING = 1e-3
"""what the authors of EXO advise"""


def exo_pair(pairs: PairLogps, beta: float) -> Tensor:
    """EXO, arXiv 2402.00856: reverse KL from (1 - e, e). Label smoothing e = 0 counts as 0.001.

    TRL 0.24 does so too; TRL 1.16 refuses 0, for which the divergence is infinite.
    """
    logits = beta * (pairs.chosen - pairs.rejected)
    e = pairs.params.label_smoothing or EXO_SMOOTHING
    log_q, log_not_q = F.logsigmoid(logits), F.logsigmoid(-logits)
    return log_q.exp() * (log_q - math.log1p(-e)) + log_not_q.exp() * (log_not_q - math.log(e))


def nca_pair(pairs: PairLogps, beta: float) -> Tensor:
    """NCA, arXiv 2402.05369: absolute likelihoods matter, not only their difference."""
    chosen, rejected = beta * pairs.chosen, beta * pairs.rejected
    return -F.logsigmoid(chosen) - 0.5 * F.logsigmoid(-chosen) - 0.5 * F.logsigmoid(-rejected)


def bco_pair(pairs: PairLogps, beta: float) -> Tensor:
    """BCO on pairs, arXiv 2404.04656, with a reward shift delta that is given.

    In TRL 0.24 delta is the running mean of all rewards; TRL 1.16 has none, which is delta = 0.
    """
    delta = pairs.params.reward_shift
    chosen, rejected = beta * pairs.chosen - delta, beta * pairs.rejected - delta
    return -F.logsigmoid(chosen) - F.logsigmoid(-rejected)


def sppo_hard(pairs: PairLogps, beta: float) -> Tensor:
    """SPPO with hard labels, arXiv 2405.00675: each log-ratio has its own target +-1/(2 beta)."""
    target = 1 / (2 * beta)
    return (pairs.chosen - target).square() + (pairs.rejected + target).square()


def apo_zero(pairs: PairLogps, beta: float) -> Tensor:
    """APO-zero, Eq. 7 of arXiv 2408.06266: chosen up, rejected down."""
    return sigma(-beta * pairs.chosen) + sigma(beta * pairs.rejected)


def apo_down(pairs: PairLogps, beta: float) -> Tensor:
    """APO-down, Eq. 8 of arXiv 2408.06266: both down, rejected further."""
    chosen, rejected = beta * pairs.chosen, beta * pairs.rejected
    return sigma(chosen) + sigma(rejected - chosen)


def discopop(pairs: PairLogps, beta: float) -> Tensor:
    """DiscoPOP, Eq. 5 of arXiv 2406.08414: logistic and exponential loss, mixed by the margin."""
    logits = beta * (pairs.chosen - pairs.rejected)
    toward_exponential = logits / pairs.params.discopop_tau
    # The mixing weight falls as exp(z / tau) while exp(-z) grows: multiply them as logarithms.
    exponential = torch.exp(F.logsigmoid(toward_exponential) - logits)
    return torch.sigmoid(-toward_exponential) * -F.logsigmoid(logits) + exponential


def sigmoid_norm(pairs: PairLogps, beta: float) -> Tensor:
    """Length-normalized DPO: SimPO's ablation (arXiv 2405.14734), Tulu 3 (arXiv 2411.15124)."""
    chosen, rejected = _per_token(pairs)
    return -F.logsigmoid(beta * (chosen - rejected))


def simpo(pairs: PairLogps, beta: float) -> Tensor:
    """SimPO, arXiv 2405.14734: mean token log-probability as reward, a margin, no reference."""
    chosen_lengths, rejected_lengths = pairs.lengths()
    reward_chosen = beta * pairs.policy_chosen / chosen_lengths
    reward_rejected = beta * pairs.policy_rejected / rejected_lengths
    return -F.logsigmoid(reward_chosen - reward_rejected - pairs.params.simpo_gamma)


def orpo(pairs: PairLogps, beta: float) -> Tensor:
    """ORPO, arXiv 2403.07691: mean NLL of the chosen response and a log odds ratio; no reference.

    odds = p / (1 - p) with p = exp(mean token log-probability); ``beta`` is the paper's lambda.
    """
    chosen_lengths, rejected_lengths = pairs.lengths()
    chosen = pairs.policy_chosen / chosen_lengths
    rejected = pairs.policy_rejected / rejected_lengths
    return -chosen - beta * F.logsigmoid(_log_odds(chosen) - _log_odds(rejected))


def kto(pairs: PairLogps, beta: float) -> Tensor:
    """KTO, arXiv 2402.01306: the sum over both halves of a pair.

    Trainers average over single responses, so what they log is half of the mean of this. The
    reference point z0 >= 0 is an estimate of KL(pi_theta || pi_ref) that no gradient passes through;
    it is given, because a pair alone does not determine it.
    """
    z0 = pairs.params.kto_reference_point
    desirable = sigma(beta * (z0 - pairs.chosen))
    undesirable = sigma(beta * (pairs.rejected - z0))
    return pairs.params.desirable_weight * desirable + pairs.params.undesirable_weight * undesirable


Loss = Callable[[PairLogps, float], Tensor]

LOSSES: dict[str, Loss] = {
    "sigmoid": sigmoid,
    "robust": robust,
    "hinge": hinge,
    "ipo": ipo,
    "ipo_norm": ipo_norm,
    "exo_pair": exo_pair,
    "nca_pair": nca_pair,
    "bco_pair": bco_pair,
    "sppo_hard": sppo_hard,
    "apo_zero": apo_zero,
    "apo_down": apo_down,
    "discopop": discopop,
    "sigmoid_norm": sigmoid_norm,
    "simpo": simpo,
    "orpo": orpo,
    "kto": kto,
}

NEEDS_LENGTHS = frozenset({"ipo_norm", "sigmoid_norm", "simpo", "orpo"})
"""Losses that average over completion tokens."""

REFERENCE_FREE = frozenset({"simpo", "orpo"})
"""Losses that never look at the reference."""

USES_LABEL_SMOOTHING = frozenset({"sigmoid", "robust", "exo_pair"})


def check_label_smoothing(
    loss_type: str, label_smoothing: float, smoothed: Set[str] = USES_LABEL_SMOOTHING
) -> None:
    """Refuse what a loss cannot use. Raises ValueError naming label_smoothing and its range."""
    if loss_type not in smoothed:
        if label_smoothing != 0:
            raise ValueError(f"label_smoothing must be 0 for {loss_type}, which has no such term")
    elif not 0 <= label_smoothing < 0.5:
        raise ValueError(f"label_smoothing must be from 0 to below 0.5 for {loss_type}")


def preference_loss(loss_type: str, pairs: PairLogps, beta: float) -> Tensor:
    """Loss of each pair under one of ``LOSSES``. Shape: (pairs,).

    Raises:
        KeyError: unknown ``loss_type``
        ValueError: ``label_smoothing`` is outside of what this loss can use, or it is
            length-normalized and a length is missing
    """
    loss = LOSSES[loss_type]
    check_label_smoothing(loss_type, pairs.params.label_smoothing)
    return loss(pairs, beta)


def _per_token(pairs: PairLogps) -> tuple[Tensor, Tensor]:
    chosen_lengths, rejected_lengths = pairs.lengths()
    return pairs.chosen / chosen_lengths, pairs.rejected / rejected_lengths


def sigma(logits: Tensor) -> Tensor:
    """sigma, with a gradient that keeps its digits where sigma is near 1.

    Autograd has s (1 - s) for torch.sigmoid, which is 0 as soon as s rounds to 1: at 37 in float64,
    at 17 in float32.
    """
    return F.logsigmoid(logits).exp()


def _log_odds(logp: Tensor) -> Tensor:
    """log p / (1 - p), careful where p is near 1."""
    return logp - torch.log(-torch.expm1(logp))
