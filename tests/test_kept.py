"""Answers that are kept: the same bytes again, ETags, and what is never kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.kept import DATA_FRESH, LARGEST, PAGE_FRESH, KeptAnswers

Handler = Callable[..., Awaitable[Response]]


def serving(
    make: Callable[[str], Response], max_bytes: int = 1_000_000
) -> tuple[TestClient, list[str]]:
    """An application of one route below middleware, and the queries that got as far as it."""
    asked: list[str] = []

    async def handle(request: object) -> Response:
        query = request.url.query  # type: ignore[attr-defined]
        asked.append(query)
        return make(query)

    app = Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST"])])
    return TestClient(KeptAnswers(app, max_bytes)), asked


def test_an_address_is_answered_once_and_then_again_with_the_same_bytes() -> None:
    client, asked = serving(lambda query: PlainTextResponse(f"answer to {query}"))
    first, second, other = client.get("/?a=1"), client.get("/?a=1"), client.get("/?a=2")
    assert first.content == second.content == b"answer to a=1"
    assert first.headers["etag"] == second.headers["etag"] != other.headers["etag"]
    assert asked == ["a=1", "a=2"]


def test_a_copy_that_is_the_same_is_not_sent_again() -> None:
    client, _ = serving(lambda query: PlainTextResponse("text" + query))
    etag = client.get("/").headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get("/", headers={"If-None-Match": known})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"] == etag
        assert "content-type" not in answer.headers
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: PlainTextResponse("no", 404),
        lambda _: PlainTextResponse("mine", headers={"Cache-Control": "no-store"}),
        lambda _: PlainTextResponse("mine", headers={"Set-Cookie": "a=b"}),
        lambda _: StreamingResponse(iter(["data: 1\n\n"]), media_type="text/event-stream"),
        lambda _: PlainTextResponse("x" * (LARGEST + 1)),
        lambda _: StreamingResponse(iter(["x" * LARGEST, "y", "z"])),
    ],
)
def test_what_is_not_for_keeping_is_asked_for_each_time(
    answer: Callable[[str], Response],
) -> None:
    client, asked = serving(answer)
    assert client.get("/").content == client.get("/").content != b""
    assert len(asked) == 2


def test_only_get_is_kept() -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    client.post("/")
    client.post("/")
    assert len(asked) == 2


@pytest.mark.parametrize("path", ["/healthz", "/static/abc/page.css"])
def test_what_tells_of_the_moment_and_files_are_passed_on(path: str) -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    assert "etag" not in client.get(path).headers
    client.get(path)
    assert len(asked) == 2


def test_answers_depend_on_host_and_encoding() -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    client.get("/")
    client.get("/", headers={"Host": "other.example"})
    client.get("/", headers={"Accept-Encoding": "br"})
    assert len(asked) == 3


def test_no_more_is_kept_than_allowed_and_the_least_asked_for_goes_first() -> None:
    client, asked = serving(lambda query: PlainTextResponse("x" * 400 + query), max_bytes=1_000)
    for query in ("a", "b", "a", "c", "a", "b"):
        client.get(f"/?{query}")
    # b went when c came, for a had been asked for since.
    assert asked == ["a", "b", "c", "b"]


def test_pages_are_checked_each_time_and_data_may_be_used_for_a_while(client: TestClient) -> None:
    page = client.get("/sections/beta")
    assert page.headers["cache-control"] == PAGE_FRESH
    data = client.get("/api/v1/dpo_loss?beta=0.3")
    assert data.headers["cache-control"] == DATA_FRESH
    again = client.get("/api/v1/dpo_loss?beta=0.3", headers={"If-None-Match": data.headers["etag"]})
    assert again.status_code == 304
    # What other middleware adds goes with it.
    assert again.headers["x-content-type-options"] == "nosniff"
