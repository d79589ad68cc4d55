from __future__ import annotations

import pytest
import torch

from app.lab.certain_pair import REFERENCE, CertainPair, train_certain_pair

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pairs() -> dict[float, CertainPair]:
    return {beta: train_certain_pair(beta) for beta in (0.5, 2.0)}


def gap(pair: CertainPair, name: str, step: int = -1) -> float:
    return pair.gaps[step, list(pair.names).index(name)].item()


def test_ipo_stops_at_its_target_and_dpo_runs_on(pairs: dict[float, CertainPair]) -> None:
    for beta, pair in pairs.items():
        assert gap(pair, "ipo") == pytest.approx(1 / (2 * beta), abs=1e-3)
        assert gap(pair, "ipo_norm") == pytest.approx(5 / (2 * beta), abs=1e-2)
        dpo = pair.gaps[:, list(pair.names).index("sigmoid")]
        assert bool((dpo.diff() > 0).all())
        assert gap(pair, "sigmoid") - gap(pair, "sigmoid", 450) > 0.1


def test_sppo_stops_at_the_target_of_each_response(pairs: dict[float, CertainPair]) -> None:
    """Chosen at +1/(2 beta), rejected at -1/(2 beta), where the simplex allows it."""
    assert gap(pairs[2.0], "sppo_hard") == pytest.approx(1 / 2.0, abs=1e-2)


def test_every_policy_starts_at_the_reference_and_stays_a_distribution(
    pairs: dict[float, CertainPair],
) -> None:
    pair = pairs[0.5]
    assert pair.gaps[0].abs().max().item() < 1e-12
    assert torch.allclose(pair.probabilities.sum(1), torch.ones(len(pair.names)).double())
    assert sum(REFERENCE) == 1
