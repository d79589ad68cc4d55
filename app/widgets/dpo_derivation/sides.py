"""Left and right side of the equation of each step, computed separately from the numbers.

Over all responses, shapes (7776,); or single values that sum over them, shapes ().
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.exact import expectation, kl_divergence
from app.lab.losses import PairLogps, preference_loss
from app.widgets.dpo_derivation.numbers import DerivationNumbers

Sides = tuple[Tensor, Tensor]


def objective(n: DerivationNumbers) -> Sides:
    """Reward less beta times KL, and the same as one expectation. Shapes: ()."""
    left = expectation(n.policy, n.reward) - n.beta * kl_divergence(n.policy, n.reference)
    return left, expectation(n.policy, n.reward - n.beta * n.log_ratio(n.policy))


def gathered(n: DerivationNumbers) -> Sides:
    """The term inside the expectation, and the same written with pi* and Z. Shapes: (7776,)."""
    left = n.reward - n.beta * n.log_ratio(n.policy)
    # pi* from a softmax, Z from a sum: computed independently.
    optimal = torch.log_softmax(n.reference + n.reward / n.beta, 0)
    return left, n.beta * n.log_z - n.beta * (n.policy - optimal)


def solved(n: DerivationNumbers) -> Sides:
    """The reward, and the same written with policies. Shapes: (7776,)."""
    return n.reward, n.written_reward


def preference(n: DerivationNumbers) -> Sides:
    """Bradley-Terry on rewards as they are, and on rewards written with policies.

    Each response as y_w against one y_l. Shapes: (7776,).
    """
    # With rewards as they are, no policy and no sigma.
    chosen, rejected = n.reward.exp(), _of_opponent(n, "reward").exp()
    return chosen / (chosen + rejected), torch.sigmoid(
        n.written_reward - _of_opponent(n, "written_reward")
    )


def without_partition(n: DerivationNumbers) -> Sides:
    """Bradley-Terry on rewards written with policies, with Z and without. Shapes: (7776,)."""
    return (
        torch.sigmoid(n.written_reward - _of_opponent(n, "written_reward")),
        torch.sigmoid(n.implicit_reward - _of_opponent(n, "implicit_reward")),
    )


def loss(n: DerivationNumbers) -> Sides:
    """The DPO loss at pi*, and the loss of a reward model that knows the true reward.

    Each response as y_w against one y_l. Shapes: (7776,), nats.
    """
    optimal, reference = _of_opponent(n, "optimal"), _of_opponent(n, "reference")
    pairs = PairLogps(n.optimal, optimal, n.reference, reference)
    left = preference_loss("sigmoid", pairs, n.temperature)
    return left, F.softplus(_of_opponent(n, "reward") - n.reward)


def _of_opponent(n: DerivationNumbers, name: str) -> Tensor:
    """A quantity of y_l, expanded to all responses. Shape: (7776,)."""
    values: Tensor = getattr(n.opponents, name)
    return values[n.opponents.opponent].expand(len(n.reward))
