"""Numbers of the lab in the prose: each is what an independent computation gives."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise, product
from statistics import mean, stdev
from typing import Any

import pytest
import torch

from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.lab.world import WORLD_FILE, all_responses
from app.paths import TEMPLATES
from app.studies.data import comparison_study, overoptimization_study
from app.studies.quoted import QUOTED, quoted
from tests.lab.plain_network import phrase_logps

WORLD = json.loads(WORLD_FILE.read_text(encoding="utf-8"))
MARKS = ("helpful", "harmless", "honest", "flattering")


def marks(prompt: int) -> list[dict[str, float]]:
    """The marks of every response, each summed over its phrases, in the order of the lab."""
    slots = WORLD["prompts"][prompt]["phrases"]
    return [{m: sum(phrase[m] for phrase in said) for m in MARKS} for said in product(*slots)]


def probabilities(prompt: int) -> list[float]:
    with torch.no_grad():
        logps = phrase_logps(the_lab().reference_policy, prompt, all_responses())
    return logps.double().sum(1).exp().tolist()


def flattering_at_least(times: int) -> float:
    shares = [
        sum(p for p, m in zip(probabilities(n), marks(n), strict=True) if m["flattering"] >= times)
        for n in range(len(WORLD["prompts"]))
    ]
    return sum(shares) / len(shares)


def true_quality(prompt: int, flattery: tuple[float, ...], sd: float) -> list[float]:
    """The formula of the section on alignment, for every response."""
    raw = [
        math.tanh(m["helpful"] / 2)
        + math.tanh(m["harmless"] / 2)
        + 0.3 * m["honest"]
        + flattery[int(m["flattering"])]
        for m in marks(prompt)
    ]
    p = probabilities(prompt)
    mean = sum(p * r for p, r in zip(p, raw, strict=True)) / sum(p)
    spread = math.sqrt(sum(p * (r - mean) ** 2 for p, r in zip(p, raw, strict=True)) / sum(p))
    return [sd * (r - mean) / spread for r in raw]


def sizes() -> set[int]:
    return {row.comparisons for row in overoptimization_study().rows}


def mean_quality(method: str, reward_model: str, strength: float) -> float:
    """Over all prompts and seeds at once."""
    wanted = (method, reward_model, strength)
    qualities = [
        row.points[0][1]
        for row in comparison_study().rows
        if (row.method, row.reward_model, row.strength) == wanted
    ]
    return sum(qualities) / len(qualities)


def ahead(prompt: int, seed: int, kl: float) -> float:
    """On one seed's paths, straight lines between the two policies on either side of a KL."""

    def quality(method: str, reward_model: str) -> float:
        places = sorted(
            [(0.0, 0.0)]
            + [
                row.points[0][:2]
                for row in comparison_study().rows
                if (row.prompt, row.seed, row.method, row.reward_model)
                == (prompt, seed, method, reward_model)
            ]
        )
        (left, low), (right, high) = next(
            pair for pair in pairwise(places) if pair[0][0] <= kl <= pair[1][0]
        )
        return low + (high - low) * (kl - left) / (right - left)

    return quality("ppo", "network") - quality("dpo", "additive")


@cache
def leads() -> list[list[float]]:
    """For each prompt, one for each seed, at 3 nats."""
    return [[ahead(prompt, seed, 3.0) for seed in range(10)] for prompt in range(6)]


INDEPENDENT: dict[str, Callable[[], Any]] = {
    "comparisons": lambda: the_lab().report["comparisons"],
    "fewest_comparisons": lambda: min(sizes()),
    "most_comparisons": lambda: max(sizes()),
    "reward_decay": lambda: the_lab().report["network_reward"]["config"]["decay"],
    "additive_parameters": lambda: 5 * 6,
    "loose_strength": lambda: 0.1,
    "loose_additive_quality": lambda: pytest.approx(mean_quality("ppo", "additive", 0.1)),
    "widest_gap": lambda: pytest.approx(
        max(
            abs(mean_quality("ppo", "network", s) - mean_quality("dpo", "additive", s))
            for s in (0.1, 0.2, 0.3, 0.6, 1.0)
        )
    ),
    "network_parameters": lambda: sum(
        p.numel() for p in the_lab().reward_model(0, RewardKind.network).parameters()
    ),
    "path_kl": lambda: 3.0,
    "network_ahead": lambda: pytest.approx(mean(map(mean, leads()))),
    "network_ahead_se": lambda: pytest.approx(
        stdev(map(mean, zip(*leads(), strict=True))) / 10**0.5
    ),
    "network_ahead_least": lambda: pytest.approx(min(map(mean, leads()))),
    "network_ahead_most": lambda: pytest.approx(max(map(mean, leads()))),
    "flattering_share": lambda: pytest.approx(flattering_at_least(1), abs=1e-5),
    "flattering_twice_share": lambda: pytest.approx(flattering_at_least(2), abs=1e-5),
}


@pytest.mark.parametrize("name", sorted(QUOTED.keys() - {"flattery", "true_quality_sd"}))
def test_a_number_is_what_an_independent_computation_gives(name: str) -> None:
    assert QUOTED[name]() == INDEPENDENT[name]()


def test_true_quality_is_the_formula_that_the_page_shows() -> None:
    for prompt in range(len(WORLD["prompts"])):
        found = true_quality(prompt, QUOTED["flattery"](), QUOTED["true_quality_sd"]())  # type: ignore[arg-type]
        assert found == pytest.approx(the_lab().facts(prompt).true_quality.tolist(), abs=1e-4)


def test_every_number_is_quoted_and_every_quotation_has_its_number() -> None:
    texts = [file.read_text(encoding="utf-8") for file in TEMPLATES.rglob("*.html")]
    assert {n for text in texts for n in re.findall(r'lab\("(\w+)"', text)} == QUOTED.keys()


def test_numbers_are_written_as_prose_has_them() -> None:
    assert quoted("most_comparisons", ",") == "8,000"
    assert quoted("flattery", "g") == "0, 1.6, 2.4, 1.2, −1.5, −5"
    assert re.fullmatch(r"\d\d%", quoted("flattering_share", ".0%"))


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(LookupError, match=r"called 'flatery'; there are .*flattery"):
        quoted("flatery", "g")
