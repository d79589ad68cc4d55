"""One address gives the same bytes in every process: responses of this one and of a server are compared.

Measured durations differ between runs; those fields are left out, by name.
"""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
import pytest
import torch
from starlette.testclient import TestClient

from app.lab import overoptimization
from app.widgets.base import always
from app.widgets.registry import WIDGETS
from tests.serving import served

MEASURED = {"seconds", "wall_seconds"}
"""fields with the duration of a run: CPU seconds, and wall-clock seconds"""

TELLS_SECONDS = {"training_race"}
"""widgets whose finding says so too"""

OTHER_STATE = {
    "preference_pairs": "prompt=headache&split=test&pair=10",
    "annotator": "prompt=poem&labels=bbaaabbaabab",
    "rlhf_pipeline": "stage=reward_model",
    "reward_separation": "reward_chosen=-9.75&reward_rejected=10",
    "ppo_dynamics": "iterations=10&seed=999999&learning_rate=0.02",
    "overoptimization": "method=ppo&comparisons=2000",
    "dpo_derivation": "step=4&beta=0.05&seed=7",
    "dpo_loss": "loss_type=discopop&logratio_chosen=0.3&logratio_rejected=0.1",
    "likelihood_displacement": "loss=ipo&beta=0.3&seed=3",
    "bring_your_logps": "example=swapped&loss_type=orpo",
    "beta_effect": "beta=0.1&reward=learned",
    "training_race": "",
    "pipeline_comparison": "view=0",
    "win_rates": "benchmark=hh",
    "frontier": "method=best_of_n&strength=16",
    "loss_family": "loss_type=apo_down&beta=2",
    "quiz": "seed=4&q_partition=is_one&q_loss=0.493",
}
"""A state of a widget beside the default, its example unless named here. Widgets that always train are asked
for this state only."""

STATES = [
    f"{name}?{query}"
    for name, widget in WIDGETS.items()
    for query in ([] if widget.trains is always else [""]) + [OTHER_STATE.get(name, widget.example)]
]


def unmeasured(name: str, body: bytes) -> bytes:
    """The body without measured durations; unchanged if it holds none."""
    if not any(f'"{field}"'.encode() in body for field in MEASURED):
        return body

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key not in MEASURED}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    result = without(json.loads(body))
    if name in TELLS_SECONDS:
        del result["finding"]
    return json.dumps(result).encode()


@pytest.mark.slow
def test_two_processes_give_the_same_bytes(client: TestClient) -> None:
    differing = []
    # Another order of sets and other addresses in memory.
    with served(PYTHONHASHSEED="1") as (_, server), httpx.Client(timeout=120) as other:
        for state in STATES:
            address = f"/api/v1/{state}"
            bodies = client.get(address).content, other.get(server + address).content
            name = state.partition("?")[0]
            if len({unmeasured(name, body) for body in bodies}) != 1:
                differing.append(state)
    assert differing == []


@pytest.mark.parametrize("method", ["best_of_n", "ppo"])
def test_a_fit_does_not_depend_on_where_in_memory_its_numbers_lie(method: str) -> None:
    """Processes differ in this by chance; here they do on purpose."""
    distance = torch.linspace(0.01, 4, 260, dtype=torch.float64)
    quality = (distance * 1.7).sin()
    stir = random.Random(1).randrange
    in_the_way: list[object] = []
    fits = set()
    for _ in range(300):
        in_the_way += [bytearray(stir(1, 5000)), torch.empty(stir(1, 3000))]
        del in_the_way[: stir(0, 3)]
        fits.add(overoptimization.fit_form(method, distance.clone(), quality.clone()))
    assert len(fits) == 1
