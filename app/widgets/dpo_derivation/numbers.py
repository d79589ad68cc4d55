"""The numbers behind the steps: one prompt of the lab, one beta, and two responses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.draws import Draws, Stream
from app.lab.optimum import log_partition, optimal_logps
from app.lab.trained import Lab, the_lab
from app.lab.world import response_number


@dataclass(frozen=True)
class DerivationNumbers:
    """Tensors over all responses, shape (7776,), float64; log-probabilities in nats."""

    beta: float
    reward: Tensor
    """true quality"""
    reference: Tensor
    """log pi_ref"""
    policy: Tensor
    """log pi_theta of the lab's DPO policy; any policy would do"""
    optimal: Tensor
    """log pi*"""
    log_z: Tensor
    """log Z(x), shape ()"""
    shown: int
    """number of the response shown, y or y_w"""
    opponent: int
    """number of the response it is compared with, y_l"""
    believed_beta: float | None = None
    """temperature that turns policies into rewards; None means ``beta``, which is correct"""
    opposing: DerivationNumbers | None = None
    """the numbers that y_l belongs to; None means these, which is correct"""

    def log_ratio(self, logps: Tensor) -> Tensor:
        """log pi - log pi_ref, nats. Shapes: (7776,) -> (7776,)."""
        return logps - self.reference

    @property
    def implicit_reward(self) -> Tensor:
        """beta log(pi* / pi_ref). Shape: (7776,)."""
        return self.temperature * self.log_ratio(self.optimal)

    @property
    def temperature(self) -> float:
        """The factor of log-ratios."""
        return self.beta if self.believed_beta is None else self.believed_beta

    @property
    def opponents(self) -> DerivationNumbers:
        """The numbers that y_l belongs to."""
        return self if self.opposing is None else self.opposing

    @property
    def written_reward(self) -> Tensor:
        """The reward written with policies, beta log(pi* / pi_ref) + beta log Z. Shape: (7776,)."""
        return self.implicit_reward + self.beta * self.log_z


def numbers_of(prompt: int, beta: float, seed: int) -> DerivationNumbers:
    """The numbers for one prompt; the seed draws the two responses."""
    lab = the_lab()
    facts = lab.facts(prompt)
    shown, opponent = _pair(lab, prompt, seed)
    return DerivationNumbers(
        beta=beta,
        reward=facts.true_quality,
        reference=facts.reference_logps,
        policy=lab.dpo_logps(prompt),
        optimal=optimal_logps(facts.reference_logps, facts.true_quality, beta),
        log_z=log_partition(facts.reference_logps, facts.true_quality, beta),
        shown=shown,
        opponent=opponent,
    )


def _pair(lab: Lab, prompt: int, seed: int) -> tuple[int, int]:
    """Two different responses that the reference wrote, drawn with the seed."""
    draws = Draws(seed, Stream.DERIVATION, prompt)
    drawn = torch.unique(response_number(lab.reference_policy.sample(prompt, 8, draws)))
    first, second = draws.order(len(drawn))[:2].tolist()
    return int(drawn[first]), int(drawn[second])
