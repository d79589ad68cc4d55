"""The JSON API: errors, limits, streams. That every server returns the same: tests/promises/."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.widgets.registry import WIDGETS


@pytest.mark.parametrize("declared", [True, False])
def test_too_large_a_body_is_refused_with_the_limit(client: TestClient, declared: bool) -> None:
    body = b" " * 5_000_000
    content = body if declared else (body[i : i + 100_000] for i in range(0, len(body), 100_000))
    answer = client.post("/api/v1/preference_loss", content=content)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "4000000" in answer.json()["errors"][0]["allowed"]


@pytest.mark.parametrize("path", ["preference_loss", "bring_your_logps"])
def test_a_body_of_very_many_fields_is_refused_at_once(client: TestClient, path: str) -> None:
    answer = client.post(f"/api/v1/{path}", json={f"field {n}": n for n in range(100_000)})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "body"
    assert "at most 100" in error["message"]


def test_the_list_of_widgets_leads_to_all_of_them(client: TestClient) -> None:
    listed = client.get("/api/v1/widgets").json()
    assert [entry["name"] for entry in listed] == list(WIDGETS)


TAKE_JSON = [
    "/api/v1/check_run",
    "/api/v1/preference_loss",
    "/api/v1/bring_your_logps",
    "/widgets/bring_your_logps/answer",
]


@pytest.mark.parametrize("path", TAKE_JSON)
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            '{"text": "a", "text": "b"}',
            {"field": "text", "message": "given twice: '\"a\"' and '\"b\"'"},
        ),
        (
            b'{"text": "\xe9"}',
            {"field": "body", "message": "not text: byte 0xe9 at position 10"},
        ),
        (
            "[" * 100_000,
            {"field": "body", "message": "not JSON that can be read: nested too deeply"},
        ),
        ('{"text": ', {"field": "body", "message": "not JSON: Expecting value at character 9"}),
    ],
)
def test_every_endpoint_reads_json_alike(
    client: TestClient, path: str, content: str | bytes, error: dict[str, str]
) -> None:
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (found,) = answer.json()["errors"]
    assert error.items() <= found.items()


@pytest.mark.parametrize(
    ("content", "kind", "error"),
    [
        ('{"a": ', "application/json", {"message": "not JSON: Expecting value at character 6"}),
        ('{"a": 1}', "text/plain", {"message": "not an object"}),
        ("[1]", "application/json", {"message": "not an object"}),
    ],
)
def test_a_body_that_is_not_read_as_json_is_named_as_such(
    client: TestClient, content: str, kind: str, error: dict[str, str]
) -> None:
    answer = client.post("/api/v1/preference_loss", content=content, headers={"content-type": kind})
    assert answer.status_code == 422
    (found,) = answer.json()["errors"]
    assert found["field"] == "body"
    assert error.items() <= found.items()


def test_an_unknown_choice_is_told_once_with_what_it_is_called(client: TestClient) -> None:
    answer = client.get("/api/v1/dpo_loss?loss_type=DPO").json()
    (found,) = answer["errors"]
    assert found["message"] == "unknown choice 'DPO', which is called 'sigmoid' here"
    assert found["allowed"].startswith("one of: sigmoid, robust")
    assert answer["detail"].count("robust") == 1


def test_a_range_that_depends_on_another_parameter_is_told_alone(client: TestClient) -> None:
    answer = client.get("/api/v1/frontier?method=dpo&strength=500").json()
    assert answer["detail"] == "strength: must be from 0.005 to 20 for dpo"


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_the_root_lists_every_endpoint_with_a_request_that_works(
    client: TestClient, path: str
) -> None:
    listed = client.get(path).json()
    described = client.get(listed["openapi"]).json()["paths"]
    assert client.get(listed["documentation"]).status_code == 200
    assert {(found["method"], found["path"]) for found in listed["endpoints"]} == {
        (method.upper(), path)
        for path, operations in described.items()
        for method in operations
        if path.startswith("/api/")
    }
    for found in listed["endpoints"]:
        assert found["summary"]
        if found["method"] == "POST":
            assert client.post(found["example"], json=found["body"]).status_code == 200


def test_a_loss_in_a_body_is_refused_with_what_it_is_called(client: TestClient) -> None:
    errors = client.post("/api/v1/preference_loss", json={"loss_type": "dpo"}).json()["errors"]
    assert errors[0]["message"] == "unknown choice 'dpo', which is called 'sigmoid' here"
