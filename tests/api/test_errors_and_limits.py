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
