"""Pages of other origins, sandboxed frames included, may request everything and read every response."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.runs.failures import Busy
from app.settings import Settings

ORIGINS = ["https://course.example", "null"]
"""the second one is a sandboxed frame's"""


@pytest.fixture(scope="module")
def refusing() -> Iterator[TestClient]:
    """An application with a POST route that fails as the address says."""
    app = create_app(Settings(warm=False))

    def fail(status: int) -> None:
        raise Busy(status, "busy", 30) if status != 500 else RuntimeError("a fault")

    app.post("/api/v1/fails")(fail)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("method", "path", "header"),
    [
        ("POST", "/api/v1/preference_loss", "content-type"),
        ("POST", "/api/v1/bring_your_logps", "content-type"),
        ("POST", "/api/v1/check_run", "content-type"),
        ("GET", "/api/v1/ppo_dynamics/stream", "last-event-id"),
    ],
)
def test_a_browser_that_asks_first_is_allowed(
    client: TestClient, origin: str, method: str, path: str, header: str
) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": header}
    answer = client.options(path, headers={"Origin": origin, **asked})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert header in answer.headers["access-control-allow-headers"].lower().split(", ")


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("bring_your_logps", b'{"text": "chosen_logps"}', 422),
        ("preference_loss", b"{", 422),
        ("check_run", b"{", 422),
        ("check_run", b" " * 5_000_000, 413),
        ("preference_loss", b" " * 5_000_000, 413),
        ("nothing", b"", 404),
        ("fails?status=429", b"", 429),
        ("fails?status=503", b"", 503),
        ("fails?status=500", b"", 500),
    ],
)
def test_every_refusal_can_be_read_with_its_reason(
    refusing: TestClient, origin: str, path: str, content: bytes, status: int
) -> None:
    headers = {"Origin": origin, "Content-Type": "application/json"}
    answer = refusing.post(f"/api/v1/{path}", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Retry-After", "X-Request-ID"} <= set(exposed)
