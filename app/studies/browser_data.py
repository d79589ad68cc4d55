"""What browsers need to compute figures: the lab, and of the frontier study what its figure shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from app.lab.browser_data import lab_data
from app.lab.reward_model import RewardKind
from app.lab.world import the_world
from app.studies.answers import answer
from app.studies.data import frontier_study, spreads, studied_prompts


@lru_cache(maxsize=1)
def lab_json() -> tuple[str, str]:
    """The data as JSON, and a hash of it."""
    text = json.dumps(browser_data(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text, hashlib.sha256(text.encode()).hexdigest()[:20]


def browser_data() -> dict[str, Any]:
    """The lab, with the studies that static/lab/studies reads."""
    study = frontier_study()
    ids = studied_prompts(study)
    places = {
        f"{prompt} {kind}": {
            method: [
                asdict(place) | {"answer": answer(number, method, place.strength, kind)}
                for place in of_method
            ]
            for method, of_method in spreads(number, kind).items()
        }
        for prompt in ids
        for number in (the_world().prompt_number(prompt),)
        for kind in RewardKind
    }
    frontier = {"command": study.command, "commit": study.commit, "places": places}
    return lab_data() | {"studies": {"frontier": frontier}}
