"""The certain pair in the browser's lab goes the way that it goes in torch."""

from __future__ import annotations

import pytest

from app.lab.certain_pair import train_certain_pair
from tests.node import answer_of


@pytest.mark.parametrize("beta", [0.05, 0.5, 2.0])
def test_every_loss_takes_the_pair_where_torch_takes_it(beta: float) -> None:
    here, there = train_certain_pair(beta), answer_of("certain_pair.js", {"beta": beta})
    assert list(there["gaps"]) == list(here.gaps)
    for name in here.gaps:
        assert there["gaps"][name] == pytest.approx(here.gaps[name], abs=1e-7), name
        assert there["probabilities"][name] == pytest.approx(here.probabilities[name], abs=1e-7)
