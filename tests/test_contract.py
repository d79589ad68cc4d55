"""The contract: the names, files, addresses and fields that others rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.cli import command_line
from app.content.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.contract import FILE, commands, routes, statuses

CONTRACT = json.loads(FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def missing(recorded: Any, present: Any, path: str = "") -> Iterator[str]:
    """Where something recorded is missing or different; additions are allowed."""
    if isinstance(recorded, dict) and isinstance(present, dict):
        for key, value in recorded.items():
            inner = f"{path} > {key}"
            if key in present:
                yield from missing(value, present[key], inner)
            else:
                yield f"{inner}: gone"
    elif isinstance(recorded, list) and isinstance(present, list):
        yield from (f"{path}: {value} gone" for value in recorded if value not in present)
    elif recorded != present:
        yield f"{path}: {present}, was {recorded}"


def test_routes_keep_their_parameters_bodies_results_and_status_codes(document: Any) -> None:
    assert list(missing(CONTRACT["routes"], routes(document))) == []


def test_the_commands_keep_their_options_and_defaults() -> None:
    assert list(missing(CONTRACT["commands"], commands(command_line()))) == []


def test_addresses_are_answered_with_the_status_of_before(client: TestClient) -> None:
    recorded = CONTRACT["statuses"]
    assert list(missing(recorded, statuses(client, list(recorded)))) == []


def test_no_parameter_is_required_that_was_not(document: Any) -> None:
    for route, described in routes(document).items():
        before = CONTRACT["routes"].get(route, described)
        for place in ("parameters", "body"):
            for name, field in described.get(place, {}).items():
                known = before.get(place, {}).get(name, {"required": False})
                assert field["required"] <= known["required"], (route, name)


def test_sections_keep_their_order() -> None:
    assert [section.slug for section in SECTIONS] == CONTRACT["sections"]


def test_every_parameter_and_field_of_a_result_is_described(document: Any) -> None:
    for path, operations in document["paths"].items():
        if not path.removeprefix("/api/v1/").startswith((*WIDGETS,)) or "get" not in operations:
            continue
        for one in operations["get"]["parameters"]:
            assert one.get("description") or one["in"] == "path", (path, one["name"])
        for content in operations["get"]["responses"]["200"]["content"].values():
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            model = document["components"]["schemas"].get(name, {})
            for field, described in model.get("properties", {}).items():
                assert described.get("description") or "$ref" in described, (path, field)


def test_every_route_has_a_summary_and_get_routes_of_the_api_an_example(document: Any) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("summary"), path
            if path.startswith("/api"):
                assert operation.get("x-example"), path
