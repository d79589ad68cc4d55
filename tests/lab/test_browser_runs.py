"""PPO's runs on the browser's lab, measured after every iteration, compared with torch in float64."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from app.lab import runs
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind
from app.lab.run_cache import RunCache
from tests.lab.named_lab import answer_with_lab, lab_in_float64

NATS = 1e-6

RUNS = {
    "additive": (1, PPOConfig(seed=7, iterations=30), RewardKind.additive),
    "network": (4, PPOConfig(seed=2, iterations=10, kl_coefficient=0.02), RewardKind.network),
}


@pytest.fixture(scope="module")
def made() -> Any:
    asked = [
        {"prompt": prompt, "config": asdict(config), "kind": kind}
        for prompt, config, kind in RUNS.values()
    ]
    return dict(zip(RUNS, answer_with_lab("ppo_rows.js", runs=asked), strict=True))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_as_in_torch(
    name: str, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "the_lab", lab_in_float64)
    monkeypatch.setattr(runs, "_runs", RunCache(1))
    for ours, theirs in zip(runs.ppo_rows(*RUNS[name]), made[name]["rows"], strict=True):
        row = asdict(ours)
        measured, there = row.pop("measured"), theirs.pop("measured")
        assert there.pop("favorite") == measured.pop("favorite")
        assert there == pytest.approx(measured, abs=NATS)
        logps, last = theirs.pop("logps"), row.pop("logps")
        assert (logps is None) == (last is None)
        if last is not None:
            assert logps == pytest.approx(last.tolist(), abs=NATS)
        assert theirs.pop("seconds") >= 0
        row.pop("seconds")
        assert theirs == pytest.approx(row, abs=NATS)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_kept_for_its_result(name: str, made: dict[str, Any]) -> None:
    assert made[name]["kept"]
