"""Queries: every page and endpoint reads them the same way, and a bad one gets a short response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.web.problem import MAX_ERRORS
from app.widgets.base import always
from app.widgets.registry import WIDGETS

EXAMPLES = {
    "{name}": "dpo_loss",
    "{name:path}": "dpo_loss",
    "{slug}": "beta",
    "{prompt}": "poem",
    "{file_format}": "csv",
    "{width:int}": "600",
}


def routes(found: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and address of every route but those of files."""
    for route in found:
        if isinstance(route, APIRoute):
            path = route.path
            for name, example in EXAMPLES.items():
                path = path.replace(name, example)
            yield from ((method, path) for method in route.methods or ())
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)


ROUTES = list(routes(create_app(Settings(warm=False)).routes))


def names_of_large_query() -> str:
    """63 KB of unknown parameters."""
    return "&".join(f"unknown{n}=1" for n in range(4_500))


def test_every_route_refuses_parameters_that_it_does_not_know(client: TestClient) -> None:
    assert {path for _, path in ROUTES} >= {"/", "/healthz", "/openapi.json", "/cards/dpo_loss.png"}
    for method, path in ROUTES:
        answer = client.request(method, f"{path}?no_such_thing=1", follow_redirects=False)
        assert answer.status_code == 422, path
        assert "no_such_thing" in answer.text, path
        if path.startswith("/api/") or path in ("/healthz", "/readyz", "/metrics", "/oembed"):
            assert answer.headers["content-type"] == "application/problem+json"
            assert [error["field"] for error in answer.json()["errors"]] == ["no_such_thing"]


def test_every_route_refuses_a_parameter_that_is_given_twice(client: TestClient) -> None:
    for method, path in ROUTES:
        answer = client.request(method, f"{path}?beta=1&beta=2", follow_redirects=False)
        assert answer.status_code == 422, path
        assert "given twice" in answer.text, path
        told = answer.json()["detail"] if "json" in answer.headers["content-type"] else answer.text
        assert "'1' and '2'" in unescape(told), path


def test_a_file_is_served_whatever_its_query_says(client: TestClient) -> None:
    icon = client.get("/favicon.ico").url
    assert client.get(f"{icon}?x=1&x=2").content == client.get(icon).content


def test_an_empty_parameter_counts_as_not_given_on_pages_and_endpoints(client: TestClient) -> None:
    for name, widget in WIDGETS.items():
        if widget.trains is always:
            continue  # they read their queries by the same function, and are slow
        empty = urlencode(dict.fromkeys(widget.params.model_fields, ""))
        assert client.get(f"/api/v1/{name}?{empty}").json() == client.get(f"/api/v1/{name}").json()
        assert client.get(f"/widgets/{name}?{empty}").text == client.get(f"/widgets/{name}").text


def test_a_list_may_be_given_a_box_at_a_time(client: TestClient) -> None:
    for path in ("/widgets/dpo_loss", "/api/v1/embeds/dpo_loss", "/embed"):
        one_by_one = client.get(f"{path}?hide=beta&hide=foot").text
        assert one_by_one == client.get(f"{path}?hide=beta,foot").text
        assert one_by_one != client.get(path).text


@pytest.mark.parametrize(
    "path", ["/api/v1/widgets", "/api/v1/dpo_loss", "/widgets/dpo_loss", "/sections/dpo-loss"]
)
def test_the_answer_to_a_large_query_is_short(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?{names_of_large_query()}")
    assert answer.status_code == 422
    assert len(answer.content) < 10_000
    if path.startswith("/api/"):
        problem = answer.json()
        assert len(problem["errors"]) == MAX_ERRORS
        assert problem["more"] == 4_500 - MAX_ERRORS
        assert problem["detail"].endswith("and 4,490 more")
        assert sum(error["allowed"] is not None for error in problem["errors"]) <= 1
    else:
        assert "and 4490 more" in answer.text


def test_long_names_and_values_are_cut(client: TestClient) -> None:
    long = "x" * 30_000
    for query in (f"{long}=1", f"{long}=1&{long}=2", f"theme={long}", f"hide={long}"):
        answer = client.get(f"/api/v1/embeds/dpo_loss?{query}")
        assert answer.status_code == 422
        assert len(answer.content) < 2_000
        assert "x" * 90 in answer.text
    assert len(client.get(f"/api/v1/embeds/{long}").content) < 2_000


def test_the_errors_of_a_body_are_capped_too(client: TestClient) -> None:
    body = {f"unknown{n}": 1 for n in range(90)} | {"policy_chosen_logps": ["x"] * 1_000}
    problem = client.post("/api/v1/preference_loss", json=body).json()
    assert len(problem["errors"]) == MAX_ERRORS
    assert problem["more"] > 1_000
