"""HEAD is answered as GET, without a body, on every route with GET."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient
from starlette.types import Message

from app.main import create_app
from app.settings import Settings
from app.studies.browser_data import lab_json
from app.web.templating import static_hash
from app.widgets.registry import WIDGETS
from tests.threads import in_thread

APP = create_app(Settings(warm=False))
STATICS = f"/static/{static_hash()}"

FILLED = {
    "name": "dpo_loss",
    "slug": "beta",
    "prompt": "poem",
    "file_format": "csv",
    "width:int": "600",
    "name:path": "sections/beta",
    "digest": lab_json()[1],
}
"""values for the path parameters of the routes below"""

QUERIES = {"/oembed": "?url=http://testserver/widgets/dpo_loss"}

TRAINING = {name for name, widget in WIDGETS.items() if widget.trains(widget.params())}


def address(path: str) -> str:
    """One address per route; a refused one where a result would take a run."""
    if path == STATICS:
        path += "/icon.svg"
    trains = TRAINING & set(path.split("/")) or path == "/read"
    filled = re.sub(r"{([^}]*)}", lambda found: FILLED[found[1]], path)
    return filled + ("?nothing=1" if trains else QUERIES.get(path, ""))


ADDRESSES = [
    address(str(route.path))
    for route in iter_route_contexts(APP.routes)
    if "GET" in (route.methods or ["GET"])
]


def told(answer: Any) -> tuple[int, dict[str, str]]:
    """Status and headers, without those of a single request or moment."""
    left_out = {"x-request-id", "date"}
    if answer.url.path == "/metrics":
        left_out.add("content-length")
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in left_out}


def test_every_route_answers_as_to_get(client: TestClient) -> None:
    assert len(ADDRESSES) > 50
    for path in ADDRESSES:
        got, asked = (client.request(m, path, follow_redirects=False) for m in ("GET", "HEAD"))
        assert told(asked) == told(got), path
        assert asked.status_code in (200, 307, 422), path


@pytest.mark.slow
def test_a_result_that_takes_a_run_is_answered_with_its_length(client: TestClient) -> None:
    path = "/api/v1/ppo_dynamics?iterations=10&seed=77"
    asked = client.head(path)
    assert asked.status_code == 200
    assert told(client.get(path)) == told(asked)


@pytest.mark.parametrize("path", ["/healthz", "/symbols", "/nothing", f"{STATICS}/icon.svg"])
def test_no_body_is_sent(path: str) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return await asyncio.Future()

    request = {"type": "http", "method": "HEAD", "path": path, "query_string": b"", "headers": []}
    asked = {**request, "scheme": "http", "server": ("testserver", 80)}
    in_thread(lambda: asyncio.run(APP(asked, receive, send)))
    assert sent[0]["type"] == "http.response.start"
    assert [message["body"] for message in sent[1:]] == [b""] * (len(sent) - 1)


def counted(client: TestClient, sample: str) -> float:
    """The sum of the samples of that name, optionally only those with some labels."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(sample))


def test_the_head_of_a_stream_makes_no_run(client: TestClient) -> None:
    made = counted(client, "dpo_explained_run_seconds_count")
    answer = client.head("/api/v1/ppo_dynamics/stream?iterations=10&seed=78")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert counted(client, "dpo_explained_run_seconds_count") == made


def test_a_kept_answer_is_there_for_both(client: TestClient) -> None:
    etag = client.get("/symbols").headers["etag"]
    hits = counted(client, 'dpo_explained_kept_answers_total{result="hit"')
    assert client.head("/symbols", headers={"If-None-Match": etag}).status_code == 304
    assert counted(client, 'dpo_explained_kept_answers_total{result="hit"') == hits + 1


def test_requests_are_counted_by_the_method_that_was_asked(client: TestClient) -> None:
    sample = 'dpo_explained_requests_total{method="HEAD",route="/symbols"'
    before = counted(client, sample)
    client.head("/symbols")
    assert counted(client, sample) == before + 1


def test_the_document_describes_each_operation_once(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set().union(*paths.values()) == {"get", "post"}
