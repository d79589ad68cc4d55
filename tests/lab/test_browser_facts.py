"""What the browser's lab knows exactly is what torch says: the facts of all prompts, and closed forms."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from app.lab.exact import phrase_logps
from app.lab.measure import measure
from app.lab.optimum import best_of_n_logps, optimal_logps, optimal_logps_at
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, the_world
from tests.lab.named_lab import answer_with_lab

NATS = 1e-10

BETA = 0.2
SEED = 5
KLS = (0.01, 1.0, 4.0, 500.0)
"""the last is farther than any optimum"""
DRAWS = (1, 16, 4096)
RESPONSES = [[0, 1, 2, 3, 4], [5, 5, 5, 5, 5], [0, 0, 0, 0, 0]]


@pytest.fixture(scope="module")
def made() -> Any:
    return answer_with_lab(
        "lab_facts.js", beta=BETA, kls=KLS, draws=DRAWS, responses=RESPONSES, seed=SEED
    )


def _apart(there: list[float | None], here: Tensor) -> float:
    """The largest difference, relative to large numbers; in JSON log 0 is null, and both must say it."""
    theirs = torch.tensor([-torch.inf if n is None else n for n in there], dtype=torch.float64)
    assert theirs.isinf().equal(here.isinf())
    return float(((theirs - here) / (1 + here.abs()))[here.isfinite()].abs().max())


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_facts_are_those_of_torch(prompt: int, made: Any) -> None:
    facts, there = the_lab().facts(prompt), made["prompts"][prompt]
    assert _apart(there["reference_logps"], facts.reference_logps) < NATS
    assert _apart(there["dpo_logps"], the_lab().dpo_logps(prompt)) < NATS
    assert _apart(there["true_quality"], facts.true_quality) < NATS
    for kind, rewards in facts.learned_rewards.items():
        assert _apart(there["learned_rewards"][kind], rewards) < NATS


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_the_frontier_is_that_of_torch(prompt: int, made: Any) -> None:
    frontier, there = the_lab().facts(prompt).frontier, made["prompts"][prompt]
    for point, theirs in zip(frontier.points, there["points"], strict=True):
        assert theirs == pytest.approx(vars(point), abs=NATS)
    assert there["bounds"] == pytest.approx([frontier.bound(kl) for kl in KLS], abs=NATS)


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_comparisons_and_texts_are_the_same(prompt: int, made: Any) -> None:
    pairs, there = the_lab().comparisons(prompt, SEED), made["prompts"][prompt]
    assert there["chosen"] == pairs.chosen.flatten().tolist()
    assert there["rejected"] == pairs.rejected.flatten().tolist()
    assert there["text"] == the_world().text(prompt, RESPONSES[0])


def test_an_optimum_is_measured_as_in_torch(made: Any) -> None:
    facts = the_lab().facts(0)
    optimum = optimal_logps(facts.reference_logps, facts.learned_reward, BETA)
    assert _apart(made["optimum"], optimum) < NATS
    measured = vars(measure(optimum, facts, facts.learned_reward))
    assert made["measured"].pop("favorite") == measured.pop("favorite")
    assert made["measured"] == pytest.approx(measured, abs=NATS)


@pytest.mark.parametrize("place", range(len(KLS)))
def test_the_optimum_at_a_kl_is_that_of_torch(place: int, made: Any) -> None:
    facts = the_lab().facts(0)
    optimum = optimal_logps_at(facts.reference_logps, facts.true_quality, KLS[place])
    there = made["optima"][place]
    assert there is None if optimum is None else _apart(there, optimum) < NATS


@pytest.mark.parametrize("place", range(len(DRAWS)))
def test_best_of_n_is_that_of_torch(place: int, made: Any) -> None:
    facts = the_lab().facts(0)
    best = best_of_n_logps(facts.reference_logps, facts.learned_reward, DRAWS[place])
    assert _apart(made["best"][place], best) < NATS


def test_phrases_are_as_probable_as_in_torch(made: Any) -> None:
    facts = the_lab().facts(0)
    optimum = optimal_logps(facts.reference_logps, facts.learned_reward, BETA)
    for theirs, ours in zip(made["phrases"], phrase_logps(optimum, RESPONSES), strict=True):
        assert theirs == pytest.approx(ours, abs=NATS)
