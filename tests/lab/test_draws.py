"""The generator of the lab. tests/js/draws.test.js holds JavaScript to the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from app.lab.draws import Draws, Stream, chosen, threefry

KNOWN: dict[str, list[list[str]]] = json.loads(
    (Path(__file__).parents[1] / "js" / "draws.json").read_text(encoding="utf-8")
)["known"]


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case["key"][0])
def test_blocks_are_the_published_ones(case: dict[str, list[str]]) -> None:
    """Known answers of Random123 for Threefry-2x32 with 20 rounds (Salmon et al., SC 2011)."""
    key, counter, expected = (
        [int(word, 16) for word in case[n]] for n in ("key", "counter", "out")
    )
    words = threefry((key[0], key[1]), *(np.array([word], dtype=np.uint32) for word in counter))
    assert [int(word[0]) for word in words] == expected


def test_javascript_draws_the_same_numbers() -> None:
    """Both sides compare with one file."""
    shared = json.loads((Path(__file__).parents[1] / "js" / "draws.json").read_text())["drawn"]
    draws = Draws(shared["seed"], Stream(shared["stream"]), shared["part"])
    assert draws.uniform(5).tolist() == shared["uniform"]
    assert draws.order(7).tolist() == shared["order"]
    assert draws.integers(6, 8).tolist() == shared["integers"]
    assert draws.normal(3).tolist() == pytest.approx(shared["normal"], abs=1e-14)


def test_a_stream_goes_on_where_it_was_and_differs_from_others() -> None:
    draws, again = Draws(1, Stream.PPO), Draws(1, Stream.PPO)
    assert torch.equal(torch.cat([draws.uniform(4), draws.uniform(6)]), again.uniform(10))
    others = [Draws(2, Stream.PPO), Draws(1, Stream.DPO), Draws(1, Stream.PPO, 1)]
    first = Draws(1, Stream.PPO).words(8)
    assert not any((first == other.words(8)).any() for other in others)


def test_numbers_have_the_moments_of_their_distributions() -> None:
    draws, count = Draws(3, Stream.WEIGHTS), 200_000
    uniform, normal = draws.uniform(count), draws.normal(count)
    # Five standard errors each.
    assert float(uniform.mean()) == pytest.approx(1 / 2, abs=5 * (1 / 12 / count) ** 0.5)
    assert float(uniform.var()) == pytest.approx(1 / 12, abs=5 * (1 / 180 / count) ** 0.5)
    assert float(normal.mean()) == pytest.approx(0, abs=5 * count**-0.5)
    assert float(normal.var()) == pytest.approx(1, abs=5 * (2 / count) ** 0.5)
    assert float(normal.pow(4).mean()) == pytest.approx(3, abs=5 * (96 / count) ** 0.5)
    assert 0 < float(uniform.min()) < float(uniform.max()) < 1


def test_an_order_is_a_permutation_and_all_are_equally_likely() -> None:
    draws, count = Draws(5, Stream.SFT), 6000
    orders = [tuple(draws.order(3).tolist()) for _ in range(count)]
    assert set(map(tuple, map(sorted, orders))) == {(0, 1, 2)}
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    # A chi-squared statistic with 5 degrees of freedom; 99.99% of seeds stay below this.
    assert sum((n - count / 6) ** 2 / (count / 6) for n in counts) < 25.7


def test_a_uniform_number_chooses_the_outcome_whose_share_holds_it() -> None:
    probabilities = torch.tensor([[0.25, 0.0, 0.75], [0.5, 0.5, 0.0]])
    for uniform, expected in ((0.1, [0, 0]), (0.25, [2, 0]), (0.6, [2, 1]), (0.999, [2, 1])):
        assert chosen(probabilities, torch.tensor([uniform, uniform])).tolist() == expected
