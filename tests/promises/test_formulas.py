"""Every loss equals the formula of its paper (tests/published_losses.py), on random batches."""

from __future__ import annotations

import pytest
from hypothesis import given

from app.lab.losses import LOSSES, preference_loss
from tests.promises.batches import PROMISE, pairs, suited
from tests.published_losses import PUBLISHED, Pair, as_tensors, published_loss


def test_there_is_a_formula_for_every_loss() -> None:
    assert set(PUBLISHED) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
@PROMISE
@given(drawn=pairs)
def test_a_loss_equals_its_published_formula(name: str, drawn: Pair) -> None:
    pair = suited(name, drawn)
    loss = preference_loss(name, as_tensors(pair), float(pair.beta))
    assert loss.item() == pytest.approx(published_loss(name, pair), rel=1e-12, abs=1e-12)
