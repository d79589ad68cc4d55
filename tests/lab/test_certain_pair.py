from __future__ import annotations

from itertools import pairwise

import pytest

from app.lab.certain_pair import REFERENCE, CertainPair, train_certain_pair

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pairs() -> dict[float, CertainPair]:
    return {beta: train_certain_pair(beta) for beta in (0.5, 2.0)}


def gap(pair: CertainPair, name: str, step: int = -1) -> float:
    return pair.gaps[name][step]


def test_ipo_stops_at_its_target_and_dpo_runs_on(pairs: dict[float, CertainPair]) -> None:
    for beta, pair in pairs.items():
        assert gap(pair, "ipo") == pytest.approx(1 / (2 * beta), abs=1e-3)
        assert gap(pair, "ipo_norm") == pytest.approx(5 / (2 * beta), abs=1e-2)
        assert all(after > before for before, after in pairwise(pair.gaps["sigmoid"]))
        assert gap(pair, "sigmoid") - gap(pair, "sigmoid", 450) > 0.1


def test_sppo_stops_at_the_target_of_each_response(pairs: dict[float, CertainPair]) -> None:
    """Chosen at +1/(2 beta), rejected at -1/(2 beta), where the simplex allows it."""
    assert gap(pairs[2.0], "sppo_hard") == pytest.approx(1 / 2.0, abs=1e-2)


def test_every_policy_starts_at_the_reference_and_stays_a_distribution(
    pairs: dict[float, CertainPair],
) -> None:
    pair = pairs[0.5]
    for name, probabilities in pair.probabilities.items():
        assert abs(gap(pair, name, 0)) < 1e-12
        assert sum(probabilities) == pytest.approx(1)
    assert sum(REFERENCE) == 1
