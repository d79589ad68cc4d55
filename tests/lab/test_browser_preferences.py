"""Bradley-Terry on rewards in the browser's lab is that of torch and autograd."""

from __future__ import annotations

from itertools import product

import pytest

from app.lab.preferences import reward_gaps
from tests.node import answer_of

REWARDS = (-40.0, -10.0, -1.5, 0.0, 5e-324, 1e-16, 0.3, 10.0, 40.0)


def test_bradley_terry_is_that_of_torch() -> None:
    chosen, rejected = map(list, zip(*product(REWARDS, REWARDS), strict=True))
    here = vars(reward_gaps(chosen, rejected))
    there = answer_of("reward_gaps.js", {"chosen": chosen, "rejected": rejected})
    assert there.keys() == here.keys()
    for name, values in here.items():
        assert there[name] == pytest.approx(values, rel=1e-9, abs=0), name
