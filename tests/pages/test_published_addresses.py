"""Addresses that people have, from the documentation, suggestions, snippets and quizzes, lead where they led.

They are never changed here, whatever pages look like now.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from app.widgets.registry import WIDGETS
from tests.site import trains

FLAGS = ("hide", "lock", "theme")
PARTS = {"caption": "steps", "tries": "steps", "finding": "readout", "links": "foot"}
"""the names of today by those of these addresses"""

PUBLISHED = {
    "preference_pairs": [
        "/widgets/preference_pairs?prompt=gravity&pair=4",
        "/widgets/preference_pairs?prompt=headache&pair=46",
        "/widgets/preference_pairs?prompt=lock&pair=63",
        "/sections/alignment-problem?prompt=gravity&split=test&pair=1",
    ],
    "annotator": [
        "/widgets/annotator?prompt=poem&labels=abbabaabbabb&align=yes",
        "/widgets/annotator?prompt=lock&labels=aab&sampling_seed=3&hide=prompt,sampling_seed",
    ],
    "rlhf_pipeline": [
        "/widgets/rlhf_pipeline?stage=sft",
        "/sections/rlhf-pipeline?stage=reward_model",
        "/widgets/rlhf_pipeline?stage=ppo",
    ],
    "reward_separation": [
        "/widgets/reward_separation?reward_chosen=1&reward_rejected=-1",
        "/widgets/reward_separation?reward_chosen=8&reward_rejected=5",
        "/widgets/reward_separation?reward_chosen=-2&reward_rejected=2",
        "/sections/reward-modeling?reward_chosen=2&reward_rejected=2",
        "/widgets/reward_separation?reward_chosen=2.0&hide=reward_chosen,tries",
    ],
    "ppo_dynamics": [
        "/widgets/ppo_dynamics?reward_model=network",
        "/sections/ppo-problem?prompt=poem&kl_coefficient=0.02&seed=0",
    ],
    "overoptimization": [
        "/widgets/overoptimization?method=ppo&comparisons=1000",
        "/widgets/overoptimization?comparisons=50",
        "/widgets/overoptimization?comparisons=8000&theme=dark",
        "/widgets/overoptimization?method=ppo&comparisons=2000",
    ],
    "dpo_derivation": [
        "/widgets/dpo_derivation?step=4",
        "/widgets/dpo_derivation?step=5&prompt=poem&beta=0.2",
        "/widgets/dpo_derivation?step=2&hide=caption&lock=seed&theme=light",
        "/widgets/dpo_derivation?step=5",
        "/widgets/dpo_derivation?step=4&beta=0.05",
        "/widgets/dpo_derivation?step=4&mistake=no_beta&hide=links",
        "/sections/dpo-insight?step=3&beta=0.2",
    ],
    "dpo_loss": [
        "/widgets/dpo_loss?loss_type=ipo",
        "/sections/dpo-loss?loss_type=ipo",
        "/widgets/dpo_loss?loss_type=ipo&beta=0.1",
        "/widgets/dpo_loss?loss_type=ipo&beta=0.1&logratio_chosen=2&logratio_rejected=-1",
        "/widgets/dpo_loss?logratio_chosen=-4&logratio_rejected=-8",
        "/widgets/dpo_loss?loss_type=ipo&beta=0.5&logratio_chosen=0.5&logratio_rejected=-0.5",
        "/widgets/dpo_loss?logratio_chosen=-6&logratio_rejected=6",
        "/widgets/dpo_loss?loss_type=ipo&lock=loss_type&hide=tries,links&theme=dark",
        "/widgets/dpo_loss?beta=0.2&hide=caption,tries,finding,links&lock=beta",
    ],
    "likelihood_displacement": [
        "/widgets/likelihood_displacement?beta=0.3",
        "/widgets/likelihood_displacement?loss=dpo_nll&hide=finding",
    ],
    "bring_your_logps": [
        "/widgets/bring_your_logps?example=mean",
        "/widgets/bring_your_logps?example=swapped",
        "/widgets/bring_your_logps?example=beta_twice",
        "/widgets/bring_your_logps?example=step_zero&lock=example",
    ],
    "beta_effect": [
        "/widgets/beta_effect?prompt=poem&beta=0.2&reward=learned",
        "/widgets/beta_effect?prompt=poem&beta=0.5&reward=learned",
        "/widgets/beta_effect?beta=5",
        "/sections/beta?beta=0.1",
        "/widgets/beta_effect?beta=0.1&reward=learned",
        "/widgets/beta_effect?beta=0.1&reward=learned&reward_model=network",
        "/widgets/beta_effect?beta=0.2&lock=beta&hide=reward,caption&theme=dark",
    ],
    "training_race": [
        "/widgets/training_race?reward_model=additive",
    ],
    "pipeline_comparison": [
        "/widgets/pipeline_comparison?reward_model=additive",
        "/widgets/pipeline_comparison?view=80",
    ],
    "win_rates": [
        "/widgets/win_rates?benchmark=human",
        "/widgets/win_rates?benchmark=hh",
        "/sections/results?benchmark=imdb",
    ],
    "frontier": [
        "/widgets/frontier?method=dpo&strength=0.3&seed=1001",
        "/widgets/frontier?method=ppo&strength=0.1",
    ],
    "loss_family": [
        "/widgets/loss_family?loss_type=hinge&beta=0.1",
        "/sections/bigger-picture?loss_type=apo_down",
    ],
    "length_bias": [
        "/widgets/length_bias?prompt=poem&length_taste=0.3&beta=0.5",
        "/sections/bigger-picture?length_taste=0.1&length_price=0.1",
    ],
    "quiz": [
        "/widgets/quiz?seed=7&q_partition=is_one&q_first_loss=ln2",
        "/widgets/quiz?q_partition=is_one",
        "/widgets/quiz?q_loss=0.493",
        "/widgets/quiz?q_paper_beta=dialogue_larger&lock=seed",
    ],
}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        pytest.param(name, address, marks=[pytest.mark.slow] if trains(address) else [])
        for name, addresses in PUBLISHED.items()
        for address in addresses
    ],
)
def test_a_published_address_shows_its_state(client: TestClient, name: str, address: str) -> None:
    given = dict(parse_qsl(urlsplit(address).query))
    params = {key: value for key, value in given.items() if key not in FLAGS}
    # The page of a run would come before its result.
    answer = client.get(f"/api/v1/{name}?{urlencode(params)}")
    assert answer.status_code == 200
    page = client.get(address)
    assert page.status_code == 200
    html = BeautifulSoup(page.text, "html.parser")
    [script] = html.select(f'dpo-widget[name="{name}"] script[data-result]')
    # A page has drawings of its own in place of figures, and leaves out what it does not show.
    shown = json.loads(script.text)
    whole = answer.json()
    numbers = [key for key in shown if key in whole and not is_figure(whole[key])]
    assert "finding" in numbers
    assert {key: shown[key] for key in numbers} == {
        key: as_shown(whole[key], shown[key]) for key in numbers
    }
    [own] = html.select("meta[property='og:url']")
    said = dict(parse_qsl(urlsplit(str(own["content"])).query))
    assert {key: said.get(key) for key in FLAGS} == {
        "hide": of_today(given["hide"]) if "hide" in given else None,
        "lock": given.get("lock"),
        "theme": given.get("theme"),
    }


def as_shown(whole: Any, shown: Any) -> Any:
    """A value of the API without the fields that the page leaves out of it."""
    if isinstance(whole, dict) and isinstance(shown, dict):
        return {key: as_shown(whole[key], value) for key, value in shown.items() if key in whole}
    if isinstance(whole, list) and isinstance(shown, list) and len(whole) == len(shown):
        return [as_shown(*both) for both in zip(whole, shown, strict=True)]
    return whole


def is_figure(value: Any) -> bool:
    return isinstance(value, dict) and {"data", "layout"} <= value.keys()


def of_today(hide: str) -> str:
    """What is hidden, by the names that parts have today."""
    return ",".join(dict.fromkeys(PARTS.get(name, name) for name in hide.split(",")))


def test_every_widget_has_published_addresses() -> None:
    assert PUBLISHED.keys() == WIDGETS.keys()
