"""What could be reached at best: the closed-form optimum, its frontier, and exact best-of-N.

The optimum of E_pi[r] - beta KL(pi || pi_ref) is pi_r(y|x) = pi_ref(y|x) exp(r(x,y) / beta) / Z(x)
(Eq. 4 of DPO, arXiv 2305.18290; known before it). All tensors are float64 over all responses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.exact import expectation, kl_divergence


def log_partition(reference_logps: Tensor, reward: Tensor, beta: float | Tensor) -> Tensor:
    """log Z(x) = log sum_y pi_ref(y|x) exp(r(x,y) / beta). Shapes: (7776,), (7776,) -> ()."""
    return torch.logsumexp(reference_logps + reward / beta, 0)


def optimal_logps(reference_logps: Tensor, reward: Tensor, beta: float | Tensor) -> Tensor:
    """log pi_r(y|x), Eq. 4. Shapes: (7776,), (7776,) -> (7776,)."""
    return reference_logps + reward / beta - log_partition(reference_logps, reward, beta)


KL_TOLERANCE = 1e-12
ROOT_STEPS = 200


def optimal_logps_at(reference_logps: Tensor, reward: Tensor, kl: float) -> Tensor | None:
    """log pi* of the beta whose optimum has this KL, to 1e-12 nats; None if no optimum is so far out.

    The optimum is pi_ref exp(t r) / Z with t = 1 / beta. Its KL grows with t, from 0 to that of the
    reference cut down to the responses of highest reward, and has the derivative t Var[r]: Newton's
    method, within bounds, which are halved where it would leave them.

    Shapes: (7776,), (7776,) -> (7776,)
    """
    if kl > float(-torch.logsumexp(reference_logps[reward == reward.max()], 0)):
        return None
    low, high = 0.0, math.inf
    t = math.sqrt(2 * kl / _variance(reference_logps, reward))
    for _ in range(ROOT_STEPS):
        logps = (reference_logps + t * reward).log_softmax(0)
        excess = float(kl_divergence(logps, reference_logps)) - kl
        if abs(excess) <= KL_TOLERANCE:
            break
        low, high = (t, high) if excess < 0 else (low, t)
        slope = t * _variance(logps, reward)
        t = t - excess / slope if slope else math.inf
        if not low < t < high:
            t = 2 * low if high == math.inf else (low + high) / 2
    return logps


def _variance(logps: Tensor, values: Tensor) -> float:
    return float(expectation(logps, (values - expectation(logps, values)).square()))


@dataclass(frozen=True)
class FrontierPoint:
    """The optimum for one beta: the most reward that this much KL can buy."""

    beta: float
    kl: float
    expected_reward: float


FRONTIER_BETAS: tuple[float, ...] = tuple(torch.logspace(-2, 2, 161, dtype=torch.float64).tolist())
"""From almost greedy (0.01) to almost the reference (100), evenly in the logarithm."""


class Frontier:
    """The reward-KL frontier of pi_r: no policy whatever lies above it.

    For every beta > 0 and every policy, E_pi[r] <= beta log Z + beta KL(pi || pi_ref) (the gap is
    beta KL(pi || pi_r)). The lowest of these lines over a grid of betas bounds every policy.
    """

    def __init__(self, reference_logps: Tensor, reward: Tensor) -> None:
        """Shapes: (7776,), (7776,)."""
        self._betas = torch.tensor(FRONTIER_BETAS, dtype=torch.float64)
        partitions = []
        self.points = []
        # One beta after the other: all at once would take some 40 MB for a moment.
        for beta in FRONTIER_BETAS:
            tilted = reference_logps + reward / beta
            log_partition = tilted.logsumexp(0)
            optimal = tilted - log_partition
            kl = float(kl_divergence(optimal, reference_logps))
            self.points.append(FrontierPoint(beta, kl, float(expectation(optimal, reward))))
            partitions.append(log_partition)
        self._log_partitions = torch.stack(partitions)

    def bound(self, kl: float) -> float:
        """The most expected reward that any policy with this KL (nats) can have."""
        return float((self._betas * (self._log_partitions + kl)).min())


def best_of_n_logps(reference_logps: Tensor, reward: Tensor, n: int) -> Tensor:
    """Exact log-probabilities of best-of-N: draw N from pi_ref, keep the one of highest reward.

    With F the distribution function of the reward under pi_ref, a response of reward r comes out
    with probability pi_ref(y) / P(r) * (F(r)^N - F(r-)^N), where P(r) = F(r) - F(r-) is the mass of
    all responses of that same reward (ties are kept with equal chance).

    Args:
        n: number of draws, at least 1

    Shapes: (7776,), (7776,) -> (7776,)
    """
    values, group = torch.unique(reward, return_inverse=True)
    mass = torch.zeros_like(values).index_add(0, group, reference_logps.exp())
    # Summed from above: the best rewards are rare, and 1 - (a tiny mass) keeps their digits.
    above = mass.flip(0).cumsum(0).flip(0) - mass
    log_upper = torch.log1p(-above.clamp(0, 1))
    below = (1 - above - mass).clamp(0, 1)
    # F^N - (F-)^N = F^N (1 - (F- / F)^N), each factor through logarithms
    ratio = torch.log(below) - log_upper
    won = n * log_upper + torch.log(-torch.expm1(n * ratio))
    logps = reference_logps + (won - mass.log())[group]
    return logps - torch.logsumexp(logps, 0)
