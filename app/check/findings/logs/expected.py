"""Losses as a log shows them: means over many pairs, of which only mean rewards are logged.

A convex loss has a mean that is at least the loss at the means (Jensen). How much more depends on how
far margins spread, and the share of positive margins, ``rewards/accuracies``, tells that: if margins
were normal with mean m and standard deviation s, it would be Phi(m/s).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from app.check.losses import losses_of
from app.check.settings import RunSettings
from app.lab.losses import PairLogps
from app.lab.more_losses import ALL_REFERENCE_FREE

CONVEX = frozenset(
    {
        "sigmoid",
        "robust",
        "hinge",
        "ipo",
        "ipo_norm",
        "nca_pair",
        "bco_pair",
        "sppo_hard",
        "sigmoid_norm",
        "simpo",
    }
)
"""losses that are convex in the rewards, so that Jensen's inequality bounds their mean from below"""

OF_THE_MARGIN = frozenset(
    {"sigmoid", "robust", "hinge", "ipo", "ipo_norm", "sigmoid_norm", "simpo"}
)
"""losses that are functions of the margin alone"""

OF_REWARDS = CONVEX | {
    "kto",
    "apo_zero",
    "apo_down",
    "exo_pair",
    "discopop",
    "cpo_sigmoid",
    "cpo_hinge",
}
"""losses of a pair that its rewards determine; the others sort a batch, or read other numbers"""

CANDIDATES = (
    "sigmoid",
    "hinge",
    "ipo",
    "kto",
    "bco_pair",
    "nca_pair",
    "sppo_hard",
    "apo_zero",
    "apo_down",
    "exo_pair",
    "discopop",
)
"""losses of which a reported one may be another"""

NODES = torch.linspace(-4, 4, 41, dtype=torch.float64)
WEIGHTS = torch.softmax(-NODES.square() / 2, 0)


def loss_at(settings: RunSettings, chosen: Tensor, rejected: Tensor) -> Tensor:
    """The logged loss of pairs with these rewards. Shapes: (pairs,), (pairs,) -> (pairs,)."""
    zeros, ones = torch.zeros_like(chosen), torch.ones_like(chosen)
    beta = settings.beta
    return losses_of(PairLogps(chosen / beta, rejected / beta, zeros, zeros, ones, ones), settings)


def loss_at_start(settings: RunSettings) -> float | None:
    """The loss of a policy that equals its reference; None if a loss has no reference."""
    if any(loss.loss_type in ALL_REFERENCE_FREE for loss in settings.losses):
        return None
    zero = torch.zeros(1, dtype=torch.float64)
    return float(loss_at(settings, zero, zero))


MARGINS = torch.linspace(-50, 50, 2001, dtype=torch.float64)


def least_loss(settings: RunSettings) -> float:
    """The least loss that any margin has, above 0 with label smoothing; 0 for losses of more than it."""
    if settings.loss_types or settings.loss_type not in OF_THE_MARGIN:
        return 0.0
    return max(float(loss_at(settings, MARGINS / 2, -MARGINS / 2).min()), 0.0)


def expected_loss(
    settings: RunSettings, chosen: Tensor, rejected: Tensor, accuracies: Tensor | None
) -> Tensor:
    """The mean loss of pairs with these mean rewards and accuracies.

    Margins are taken to be normal around their mean, halves of a pair's deviation on each side;
    without accuracies they do not spread. Shapes: (rows,), (rows,), (rows,) -> (rows,).
    """
    if accuracies is None:
        return loss_at(settings, chosen, rejected)
    half = margin_spread(chosen - rejected, accuracies) / 2
    above = torch.cat([one + size * NODES for one, size in zip(chosen, half, strict=True)])
    below = torch.cat([one - size * NODES for one, size in zip(rejected, half, strict=True)])
    of_rows = loss_at(settings, above, below).tensor_split(len(chosen))
    return torch.stack([(losses * WEIGHTS).sum() for losses in of_rows])


def margin_spread(margins: Tensor, accuracies: Tensor) -> Tensor:
    """The standard deviation with which normal margins would have these accuracies.

    An accuracy of one half, or on the other side of it than the margin, tells nothing of the spread:
    it is then taken to be as large as the margin. Shapes: (rows,), (rows,) -> (rows,).
    """
    quantile = math.sqrt(2) * torch.erfinv(2 * accuracies.clamp(0.001, 0.999) - 1)
    size = margins.abs()
    tells = (quantile * margins > 0) & (quantile.abs() > 0.2)
    return torch.where(tells, size / quantile.abs().clamp(min=0.2), size).clamp(max=50.0)
