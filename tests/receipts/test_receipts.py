"""Every snippet is executed, and its output compared with what the widget shows."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import shlex
from functools import reduce
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from app.lab.losses import LOSSES
from app.paths import TEMPLATES
from app.receipts import formulas
from app.widgets.base import always
from app.widgets.registry import WIDGETS
from tests.serving import PATIENCE

MOST_LINES = 25
ENOUGH_NUMBERS = 2
SNIPPETS = TEMPLATES / "receipts"

# States that take another path through a snippet than the default and the suggestions do.
MORE_STATES = {
    "ppo_dynamics": ["iterations=10&seed=7&kl_coefficient=0.2"],
    "likelihood_displacement": ["loss=ipo&beta=0.1"],
    "rlhf_pipeline": ["stage=reward_model", "stage=ppo"],
    "dpo_loss": [
        f"loss_type={name}" + ("&label_smoothing=0.1" if name in ("robust", "exo_pair") else "")
        for name in LOSSES
    ]
    + ["label_smoothing=0.2", "loss_type=simpo&chosen_length=12&rejected_length=30"],
    "loss_family": [f"loss_type={name}" for name in LOSSES],
    "dpo_derivation": [
        f"step={step}&mistake={mistake}"
        for step in range(1, 7)
        for mistake in ("none", "no_partition", "flipped_kl", "no_beta", "other_prompt")
    ],
    "win_rates": [
        f"benchmark={name}" for name in ("hh", "hh_training", "cnn_dailymail", "human", "imdb")
    ],
    "beta_effect": ["prompt=poem&reward=learned"],
    "preference_pairs": ["prompt=poem&pair=17&split=test"],
}


def states_of(name: str) -> list[str]:
    """Only a few of widgets that always train."""
    widget = WIDGETS[name]
    few = [] if widget.trains is always else ["", *widget.suggested]
    return list(dict.fromkeys(few + MORE_STATES.get(name, []))) or [""]


def fetched(server: str, path: str) -> Any:
    answer = httpx.get(server + path, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def printed(snippet: str) -> dict[str, float]:
    """The output of a snippet, run in a namespace of its own."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(snippet, "snippet", "exec"), {"__name__": "__main__"})
    numbers: dict[str, float] = json.loads(out.getvalue())
    return numbers


def at(answer: Any, path: str) -> Any:
    return reduce(
        lambda value, key: value[int(key) if key.isdigit() else key], path.split("."), answer
    )


def imported(snippet: str) -> set[str]:
    """The packages that a program imports."""
    nodes = list(ast.walk(ast.parse(snippet)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def trains(name: str) -> bool:
    widget = WIDGETS[name]
    return any(widget.trains(widget.params(**dict(parse_qsl(q)))) for q in states_of(name))


WITH_SNIPPET = [name for name in WIDGETS if (SNIPPETS / f"{name}.py.jinja").is_file()]
TRAINING = [name for name in WITH_SNIPPET if trains(name)]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([name for name in WITH_SNIPPET if name not in TRAINING], id="quick"),
        pytest.param(TRAINING, id="training", marks=pytest.mark.slow),
    ],
)
def test_a_snippet_stands_alone_and_prints_the_numbers_that_the_widget_shows(
    server: str, names: list[str]
) -> None:
    for name, query in [(each, query) for each in names for query in states_of(each)]:
        receipt = fetched(server, f"/api/v1/receipts/{name}?{query}")
        assert receipt["url"].startswith(f"{server}/api/v1/{name}")
        assert receipt["url"] in receipt["curl"]
        assert len(receipt["snippet"].splitlines()) <= MOST_LINES
        assert {"torch"} <= imported(receipt["snippet"]) <= {"json", "math", "torch", "urllib"}
        numbers = printed(receipt["snippet"])
        # Without sample sizes there is a difference, but no test of it.
        enough = len(numbers) >= ENOUGH_NUMBERS or query == "benchmark=cnn_dailymail"
        assert enough, (
            f"the snippet of {name} prints fewer than {ENOUGH_NUMBERS} numbers: {numbers}"
        )
        answer = fetched(server, receipt["url"].removeprefix(server))
        for path, number in numbers.items():
            # Trained in float32, measured in float64: this compares the measurement.
            close = pytest.approx(at(answer, path), rel=1e-6, abs=1e-9)
            assert number == close, (name, query, path)


def test_every_loss_has_its_line() -> None:
    assert set(formulas.LOSS_FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("host", ['x"); print("y', "x'; rm -rf y", "x\\y", "x<script>y"])
def test_a_hostile_host_name_stays_out_of_what_is_to_be_run(server: str, host: str) -> None:
    answer = httpx.get(f"{server}/api/v1/receipts/beta_effect", headers={"Host": host})
    assert answer.status_code == 200
    receipt = answer.json()
    assert not set("\"'<>\\ ;") & set(receipt["url"])
    assert shlex.split(receipt["curl"]) == ["curl", "-s", receipt["url"]]
    # The address is one string literal of the program; nothing else in it comes from outside.
    strings = [
        n.value for n in ast.walk(ast.parse(receipt["snippet"])) if isinstance(n, ast.Constant)
    ]
    assert receipt["url"].removesuffix("beta_effect") in strings
