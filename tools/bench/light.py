"""Light endpoints, and endless addresses of them that were never asked before."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from app.lab.world import the_world
from app.widgets.preference_pairs import PAIRS

Addresses = Callable[[random.Random], Iterator[str]]


def reward_separation(source: random.Random) -> Iterator[str]:
    """Any two rewards."""
    while True:
        chosen, rejected = _between(source, -10, 10), _between(source, -10, 10)
        yield f"/api/v1/reward_separation?reward_chosen={chosen}&reward_rejected={rejected}"


def dpo_loss(source: random.Random) -> Iterator[str]:
    """Any two log-ratios and any beta."""
    while True:
        chosen, rejected = _between(source, -20, 20), _between(source, -20, 20)
        ratios = f"logratio_chosen={chosen}&logratio_rejected={rejected}"
        yield f"/api/v1/dpo_loss?{ratios}&beta={_between(source, 0.05, 2)}"


def beta_effect(source: random.Random) -> Iterator[str]:
    """Any beta, for all the prompts."""
    while True:
        prompt = source.choice(the_world().prompts).id
        yield f"/api/v1/beta_effect?prompt={prompt}&beta={_between(source, 0.05, 5)}"


def preference_pairs(source: random.Random) -> Iterator[str]:
    """Each pair that there is, once, in an order of chance: 2,400 in all."""
    everything = [
        f"/api/v1/preference_pairs?prompt={prompt.id}&pair={pair}&split={split}"
        for prompt in the_world().prompts
        for pair in range(1, PAIRS + 1)
        for split in ("train", "test")
    ]
    source.shuffle(everything)
    yield from everything


LIGHT: tuple[Addresses, ...] = (reward_separation, dpo_loss, beta_effect, preference_pairs)


def _between(source: random.Random, low: float, high: float) -> str:
    return f"{source.uniform(low, high):.6f}"
