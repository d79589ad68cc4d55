"""Random pairs with typical log-probabilities of short responses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from app.lab.losses import USES_LABEL_SMOOTHING
from tests.lab.published_losses import Pair, exactly

PROMISE = settings(max_examples=40, derandomize=True, deadline=None)
"""The same examples each time, so that a passing test keeps passing."""

logps = st.floats(-60, -0.5)
lengths = st.integers(1, 40)
pairs = st.builds(
    exactly,
    policy_chosen=logps,
    policy_rejected=logps,
    reference_chosen=logps,
    reference_rejected=logps,
    chosen_length=lengths,
    rejected_length=lengths,
    beta=st.floats(0.05, 2),
    label_smoothing=st.floats(0.001, 0.499),
    simpo_gamma=st.floats(0, 2),
    kto_reference_point=st.floats(0, 10),
)


def suited(name: str, pair: Pair) -> Pair:
    """The pair without label smoothing, where the loss has none."""
    return pair if name in USES_LABEL_SMOOTHING else replace(pair, label_smoothing=Decimal(0))
