"""Addresses of light endpoints."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from app.lab.world import the_world
from app.widgets.preference_pairs import PAIRS

WIDGETS = ("reward_separation", "dpo_loss", "beta_effect", "preference_pairs")


def addresses(widget: str, source: random.Random) -> Iterator[str]:
    """Distinct addresses of a widget in random order: all 2,400 of preference_pairs, endless of others."""
    for query in _pairs(source) if widget == "preference_pairs" else _queries(widget, source):
        yield f"/api/v1/{widget}?{query}"


def _queries(widget: str, source: random.Random) -> Iterator[str]:
    widgets: dict[str, dict[str, tuple[float, float]]] = {
        "reward_separation": {"reward_chosen": (-10, 10), "reward_rejected": (-10, 10)},
        "dpo_loss": {"logratio_chosen": (-20, 20), "logratio_rejected": (-20, 20)},
        "beta_effect": {"beta": (0.05, 5)},
    }
    while True:
        values = {name: source.uniform(*ends) for name, ends in widgets[widget].items()}
        yield "&".join(f"{name}={value:.6f}" for name, value in values.items())


def _pairs(source: random.Random) -> Iterator[str]:
    prompts = [prompt.id for prompt in the_world().prompts]
    every = list(itertools.product(prompts, range(1, PAIRS + 1), ("train", "test")))
    source.shuffle(every)
    for prompt, pair, split in every:
        yield f"prompt={prompt}&pair={pair}&split={split}"
