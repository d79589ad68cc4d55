"""Pairs as columns, and the mistakes that can be made with their log-probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from app.lab.losses import PairLogps, preference_loss
from tests.check.corpus import forms
from tests.check.corpus.forms import Pairs
from tests.check.corpus.simulation import Responses


def columns(
    pairs: PairLogps,
    *,
    lengths: bool = False,
    loss: Tensor | None = None,
    digits: int = 5,
    single: bool = False,
    **constant: float,
) -> Pairs:
    """Pairs as columns; ``single`` has all digits of float32."""

    def numbers(values: Tensor) -> list[float]:
        if single:
            return [forms.single(value) for value in values.tolist()]
        return [round(value, digits) for value in values.tolist()]

    four = (
        pairs.policy_chosen,
        pairs.policy_rejected,
        pairs.reference_chosen,
        pairs.reference_rejected,
    )
    table = {name: numbers(values) for name, values in zip(forms.NAMES, four, strict=True)}
    if lengths:
        chosen, rejected = pairs.lengths()
        table["chosen_lengths"] = [int(n) for n in chosen.tolist()]
        table["rejected_lengths"] = [int(n) for n in rejected.tolist()]
    if loss is not None:
        table["loss"] = numbers(loss)
    for name, value in constant.items():
        table[name] = [value] * len(four[0])
    return table


def mapped(pairs: PairLogps, change: Callable[[Tensor], Tensor], *models: str) -> PairLogps:
    """With the log-probabilities of ``models`` changed."""
    names = [f"{model}_{side}" for model in models for side in ("chosen", "rejected")]
    changed: dict[str, Any] = {name: change(getattr(pairs, name)) for name in names}
    return replace(pairs, **changed)


def models_swapped(pairs: PairLogps) -> PairLogps:
    """Policy in the place of the reference, and the other way around."""
    return replace(
        pairs,
        policy_chosen=pairs.reference_chosen,
        policy_rejected=pairs.reference_rejected,
        reference_chosen=pairs.policy_chosen,
        reference_rejected=pairs.policy_rejected,
    )


def sides_swapped(pairs: PairLogps, *models: str) -> PairLogps:
    """Chosen and rejected exchanged, in some models."""
    changed: dict[str, Any] = {}
    for model in models:
        changed[f"{model}_chosen"] = getattr(pairs, f"{model}_rejected")
        changed[f"{model}_rejected"] = getattr(pairs, f"{model}_chosen")
    if len(models) == 2:
        changed["chosen_lengths"], changed["rejected_lengths"] = reversed(pairs.lengths())
    return replace(pairs, **changed)


def per_token(pairs: PairLogps) -> PairLogps:
    """Means over the tokens in the place of sums."""
    chosen, rejected = pairs.lengths()
    return replace(
        pairs,
        policy_chosen=pairs.policy_chosen / chosen,
        policy_rejected=pairs.policy_rejected / rejected,
        reference_chosen=pairs.reference_chosen / chosen,
        reference_rejected=pairs.reference_rejected / rejected,
    )


def per_width(pairs: PairLogps, batch: int = 8) -> PairLogps:
    """Means over the padded width of a batch: chosen and rejected of it are padded to one length."""
    longest = torch.maximum(*pairs.lengths()).view(-1, batch).amax(1).repeat_interleave(batch)
    return mapped(pairs, lambda logps: logps / longest, "policy", "reference")


def some(pairs: PairLogps, rows: slice) -> PairLogps:
    """Some of the pairs."""
    chosen, rejected = pairs.lengths()
    return replace(
        mapped(pairs, lambda logps: logps[rows], "policy", "reference"),
        chosen_lengths=chosen[rows],
        rejected_lengths=rejected[rows],
    )


def batch_means(pairs: PairLogps, batch: int = 8) -> PairLogps:
    """Each row the mean of a batch."""
    return mapped(pairs, lambda logps: logps.view(-1, batch).mean(1), "policy", "reference")


# --- in a simulated run: what it gets in the place of a model's log-probabilities


def mean_of_tokens(logps: Tensor, data: Responses) -> Tensor:
    return logps / data.tokens


def zeros(logps: Tensor, _: Responses) -> Tensor:
    return torch.zeros_like(logps)


def other_side(logps: Tensor, _: Responses) -> Tensor:
    return logps.flip(0)


def with_prompt(logps: Tensor, data: Responses) -> Tensor:
    """Also the tokens of the prompt, the same for both sides of a pair."""
    draw = torch.Generator().manual_seed(int(data.tokens.sum()))
    tokens = 90 * (0.5 * torch.randn(logps.shape[1], generator=draw, dtype=torch.float64)).exp()
    return logps - 1.6 * tokens


def not_shifted(logps: Tensor, data: Responses) -> Tensor:
    """Each position's distribution asked for its own token in the place of the next: about ln V."""
    draw = torch.Generator().manual_seed(int(data.tokens.sum()))
    spread = (
        2.5 * data.tokens.sqrt() * torch.randn(logps.shape, generator=draw, dtype=torch.float64)
    )
    return logps - 12.3 * data.tokens + spread


def loss_of(pairs: PairLogps, loss_type: str, beta: float) -> Tensor:
    """Losses of pairs."""
    return preference_loss(loss_type, pairs, beta)


def equal_in_some(pairs: PairLogps, every: int = 3) -> PairLogps:
    """Every so many pairs have the chosen response on both sides."""
    same = torch.arange(len(pairs.policy_chosen)) % every == 1
    chosen, rejected = pairs.lengths()
    return replace(
        pairs,
        policy_rejected=pairs.policy_chosen.where(same, pairs.policy_rejected),
        reference_rejected=pairs.reference_chosen.where(same, pairs.reference_rejected),
        rejected_lengths=chosen.where(same, rejected),
    )
