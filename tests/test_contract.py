"""The contract: names, trees, addresses and fields that others rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.resources import STATIC, TEMPLATES
from app.sections import SECTIONS
from app.widgets.registry import WIDGETS

TESTS = Path(__file__).parent
NOT_WIDGETS = {"__init__", "base", "registry", "quiz_questions"}

SLUGS = [
    "alignment-problem",
    "rlhf-pipeline",
    "reward-modeling",
    "ppo-problem",
    "dpo-insight",
    "dpo-loss",
    "beta",
    "dpo-vs-rlhf",
    "results",
    "bigger-picture",
]

FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "reward_separation": (
        {"reward_chosen", "reward_rejected"},
        {
            "margin",
            "probability",
            "loss",
            "gradient.reward_chosen",
            "gradient.reward_rejected",
        },
    ),
    "dpo_loss": (
        {"logratio_chosen", "logratio_rejected", "beta", "loss_type", "label_smoothing"},
        {
            "implicit_reward_chosen",
            "implicit_reward_rejected",
            "margin",
            "probability",
            "loss",
            "gradient_weight",
            "gradient.logratio_chosen",
            "gradient.logratio_rejected",
        },
    ),
    "beta_effect": (
        {"prompt", "beta", "reward"},
        {
            "kl",
            "expected_reward",
            "log_partition",
            "responses.0.text",
            "responses.0.reference_probability",
            "responses.0.optimal_probability",
            "responses.0.reward",
            "curve.0.beta",
            "curve.0.kl",
            "curve.0.expected_reward",
        },
    ),
    "dpo_derivation": (
        {"step", "prompt", "beta", "seed"},
        {
            "step",
            "title",
            "latex",
            "explanation",
            "check.left",
            "check.right",
            "check.max_abs_difference",
            "check.responses_checked",
        },
    ),
    "ppo_dynamics": (
        {"prompt", "seed", "kl_coefficient", "learning_rate", "clip_range", "iterations"},
        {
            *(
                f"history.0.{name}"
                for name in (
                    "iteration",
                    "reward",
                    "kl",
                    "true_quality",
                    "clip_fraction",
                    "entropy",
                    "sample",
                )
            ),
            "optimum.0.kl",
            "optimum.0.true_quality",
        },
    ),
    "pipeline_comparison": (
        {"prompt", "seed"},
        {
            f"{side}.{name}"
            for side in ("rlhf", "dpo")
            for name in (
                "stages",
                "models_in_memory",
                "parameters_in_memory",
                "hyperparameters",
                "samples_generated",
                "seconds",
                "kl",
                "true_quality",
            )
        },
    ),
    "preference_pairs": (
        {"prompt", "pair"},
        {
            "prompt",
            "probability",
            *(
                f"{side}.{name}"
                for side in ("chosen", "rejected")
                for name in (
                    "text",
                    "true_quality",
                    "learned_reward",
                    "reference_logp",
                    "policy_logp",
                    "implicit_reward",
                )
            ),
        },
    ),
    "win_rates": (
        {"benchmark"},
        {
            "benchmark",
            "metric",
            "source",
            *(f"methods.0.{name}" for name in ("name", "value", "standard_error", "n", "printed")),
        },
    ),
    "rlhf_pipeline": (set(), set()),
    "quiz": ({"seed"}, set()),
}


def has(result: Any, path: str) -> bool:
    for part in path.split("."):
        if part.isdigit():
            if not isinstance(result, list) or len(result) <= int(part):
                return False
            result = result[int(part)]
        elif isinstance(result, dict) and part in result:
            result = result[part]
        else:
            return False
    return True


def test_the_sections_have_their_addresses_in_order() -> None:
    assert [section.slug for section in SECTIONS] == SLUGS


def test_the_ten_widgets_are_registered_in_the_order_of_the_sections() -> None:
    assert list(WIDGETS) == [name for section in SECTIONS for name in section.widgets]
    assert set(WIDGETS) >= set(FIELDS)


def test_the_four_trees_and_the_registry_line_up() -> None:
    trees = {
        "app/widgets": {p.stem for p in (TESTS.parent / "app/widgets").glob("*.py")} - NOT_WIDGETS,
        "templates/widgets": {p.stem for p in (TEMPLATES / "widgets").glob("*.html")},
        "static/widgets": {p.stem for p in (STATIC / "widgets").glob("*.js")},
        "tests/widgets": {
            p.stem.removeprefix("test_") for p in (TESTS / "widgets").glob("test_*.py")
        },
    }
    for tree, names in trees.items():
        assert names == set(WIDGETS), tree


@pytest.mark.parametrize("package", ["benchmarks", "derivation", "lab", "stages"])
def test_what_widgets_rest_on_imports_no_widget(package: str) -> None:
    files = list((TESTS.parent / "app" / package).rglob("*.py"))
    assert files
    assert [file.name for file in files if "app.widgets" in file.read_text("utf-8")] == []


@pytest.mark.parametrize("name", FIELDS)
def test_a_widget_has_the_fields_of_the_contract(client: TestClient, name: str) -> None:
    params, fields = FIELDS[name]
    assert params <= set(WIDGETS[name].params.model_fields)
    query = {"iterations": "10"} if name == "ppo_dynamics" else {}
    result = client.get(f"/api/v1/{name}", params=query).json()
    assert [field for field in sorted(fields) if not has(result, field)] == []
    assert result["finding"]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_of_a_widget_is_described(client: TestClient, name: str) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"][f"/api/v1/{name}"]["get"]
    for parameter in operation["parameters"]:
        assert parameter.get("description"), parameter["name"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    properties = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"]
    for field, described in properties.items():
        assert described.get("description") or "$ref" in described, field


def test_every_route_has_a_summary_and_get_routes_of_the_api_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("summary"), path
            if path.startswith("/api"):
                assert operation.get("x-example"), path
