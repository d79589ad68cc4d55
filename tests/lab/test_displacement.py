from __future__ import annotations

import pytest
import torch

from app.lab.displacement import displacement, seen_responses
from app.lab.dpo import DPOConfig
from app.lab.trained import the_lab
from app.lab.world import response_number

CONFIG = DPOConfig(beta=0.1, steps=45, seed=3)


def test_the_run_is_looked_at_every_ten_steps_and_at_its_end() -> None:
    looks = list(displacement(the_lab(), 0, CONFIG))
    assert [look.step for look in looks] == [0, 10, 20, 30, 40, 45]
    for look in looks:
        assert look.seen + look.unseen == pytest.approx(1, abs=1e-9)
        assert look.logps.exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_it_starts_at_the_reference_with_means_over_all_pairs() -> None:
    lab = the_lab()
    start = next(displacement(lab, 0, CONFIG))
    pairs = lab.comparisons(0, 3)
    with torch.no_grad():
        by_forward_pass = lab.reference_policy.logps(0, pairs.chosen).double().mean().item()
    assert start.chosen_logps == pytest.approx(by_forward_pass, abs=1e-4)
    assert start.kl == pytest.approx(0, abs=1e-12)


def test_seen_responses_are_those_of_the_pairs() -> None:
    pairs = the_lab().comparisons(0, 3)[torch.arange(5)]
    seen = seen_responses(pairs)
    assert {int(n) for n in seen.nonzero()} == {int(n) for n in response_number(pairs.both())}
