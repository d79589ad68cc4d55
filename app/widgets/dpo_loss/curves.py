"""Losses of pairs with individual settings, and the curve of each along the margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from app.charts.figures import curve_figures, line_states, marker_states
from app.lab.losses import REFERENCE_FREE, LossParams, PairLogps, preference_loss

FARTHEST = (6.0, 10.0, 16.0, 25.0, 40.0, 60.0, 100.0, 160.0, 250.0, 500.0)
"""Margins at which a curve may end: it stays as it is while a pair moves, unless that leaves it."""


@dataclass(frozen=True)
class LossSettings:
    """Settings of the losses of pairs, besides their log-ratios.

    Tensors have shape (pairs,) or (pairs, 1), float64: log-probabilities in nats, lengths in tokens.
    """

    loss_type: str
    label_smoothing: float
    beta: Tensor
    reference_chosen: Tensor
    reference_rejected: Tensor
    chosen_lengths: Tensor
    rejected_lengths: Tensor

    def along(self) -> LossSettings:
        """The same settings, for a row of log-ratios per pair."""
        return replace(
            self,
            beta=self.beta.unsqueeze(1),
            reference_chosen=self.reference_chosen.unsqueeze(1),
            reference_rejected=self.reference_rejected.unsqueeze(1),
            chosen_lengths=self.chosen_lengths.unsqueeze(1),
            rejected_lengths=self.rejected_lengths.unsqueeze(1),
        )

    def loss(self, chosen: Tensor, rejected: Tensor) -> Tensor:
        """Loss of pairs with these log-ratios. Shapes: (pairs, ...), the same -> the same, float64."""
        pairs = PairLogps(
            self.reference_chosen + chosen,
            self.reference_rejected + rejected,
            self.reference_chosen,
            self.reference_rejected,
            self.chosen_lengths,
            self.rejected_lengths,
            LossParams(label_smoothing=self.label_smoothing),
        )
        # A tensor of one beta per pair broadcasts too.
        return preference_loss(self.loss_type, pairs, cast("float", self.beta))


def loss_curves(
    settings: LossSettings, rejected: Tensor, margins: Tensor, losses: Tensor
) -> list[dict[str, object]]:
    """Plotly figures of the loss along the margin: the chosen log-ratio moves, the rejected one stays.

    Shapes: log-ratios of the rejected responses, margins and losses of the pairs (pairs,), float64.
    """
    ends = [
        next(end for end in FARTHEST if 1.15 * abs(margin) <= end) for margin in margins.tolist()
    ]
    grids = {end: torch.linspace(-end, end, 121, dtype=torch.float64) for end in set(ends)}
    along = torch.stack([grids[end] for end in ends])
    stays = rejected.unsqueeze(1)
    chosen = stays + along / settings.beta.unsqueeze(1)
    curves = settings.along().loss(chosen, stays.expand_as(chosen))
    possible = _possible(settings, chosen)
    figures: dict[int, dict[str, object]] = {}
    for end in grids:
        numbers = [number for number, own in enumerate(ends) if own == end]
        drawn = _figures_to(
            end,
            settings,
            [(along[n][possible[n]], curves[n][possible[n]]) for n in numbers],
            margins[numbers].tolist(),
            losses[numbers].tolist(),
        )
        figures |= dict(zip(numbers, drawn, strict=True))
    return [figures[number] for number in range(len(ends))]


def _possible(settings: LossSettings, chosen: Tensor) -> Tensor:
    """Where on a curve the policy's probability is below 1, if the loss reads it. Shape: that of `chosen`."""
    if settings.loss_type not in REFERENCE_FREE:
        return torch.ones_like(chosen, dtype=torch.bool)
    return chosen < -settings.reference_chosen.unsqueeze(1) - 1e-6


def _figures_to(
    end: float,
    settings: LossSettings,
    curves: Sequence[tuple[Tensor, Tensor]],
    margins: list[float],
    losses: list[float],
) -> list[dict[str, object]]:
    """The figures of pairs whose curves end at the same margin."""
    along = [xs for xs, _ in curves]
    name = settings.loss_type
    courses = [
        line_states(name, along, [ys for _, ys in curves], role="rejected"),
        marker_states("this pair", margins, losses, role="rejected"),
    ]
    if name != "sigmoid" or settings.label_smoothing > 0:
        sigmoid = [-torch.nn.functional.logsigmoid(xs) for xs in along]
        courses.insert(0, line_states("DPO", along, sigmoid, role="other", dash="dot"))
    figures = curve_figures(
        courses,
        x="margin: β times the gap of the log-ratios, as the chosen one moves",
        y="loss",
        x_range=None if name in REFERENCE_FREE else (-end, end),
    )
    assert all(math.isfinite(y) for course in courses for row in course.y for y in row)
    return figures
