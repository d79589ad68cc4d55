"""DPO watched from inside on the browser's lab, compared with torch in float64."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from app.lab.displacement import Displacement, displacement, most_gained
from app.lab.dpo import DPOConfig
from tests.lab.named_lab import answer_with_lab, lab_in_float64

NATS = 1e-6
GAINED = 3

RUNS = {
    "ipo": (2, DPOConfig(seed=3, beta=0.1, steps=45, loss_type="ipo")),
    "unlikelihood": (0, DPOConfig(seed=1, steps=40, loss_type="unlikelihood")),
}

Made = dict[str, Any]
Runs = dict[str, list[Displacement]]


@pytest.fixture(scope="module")
def made() -> Made:
    asked = [
        {"prompt": prompt, "seed": config.seed, "config": asdict(config)}
        for prompt, config in RUNS.values()
    ]
    return dict(
        zip(RUNS, answer_with_lab("displacement.js", runs=asked, count=GAINED), strict=True)
    )


@pytest.fixture(scope="module")
def here(float64: None) -> Runs:  # noqa: ARG001
    lab = lab_in_float64()
    return {
        name: list(displacement(lab, lab.comparisons(prompt, config.seed), config))
        for name, (prompt, config) in RUNS.items()
    }


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_seen_as_in_torch(name: str, made: Made, here: Runs) -> None:
    for look, there in zip(here[name], made[name]["looks"], strict=True):
        assert there["step"] == look.step
        assert there["run"] == pytest.approx(asdict(look.run), abs=NATS)
        assert look.optimum is not None
        assert there["optimum"] == pytest.approx(asdict(look.optimum), abs=NATS)
        assert there["logps"] == pytest.approx(look.logps.tolist(), abs=NATS)
        assert there["in_pairs"] == look.in_pairs.int().tolist()


@pytest.mark.parametrize("name", RUNS)
def test_what_gained_most_is_as_in_torch(name: str, made: Made, here: Runs) -> None:
    gained = most_gained(here[name][-1], lab_in_float64().facts(RUNS[name][0]), GAINED)
    for ours, theirs in zip(gained, made[name]["gained"], strict=True):
        assert theirs.pop("response") == ours.response
        expected = asdict(ours)
        del expected["response"]
        assert theirs == pytest.approx(expected, abs=NATS)
