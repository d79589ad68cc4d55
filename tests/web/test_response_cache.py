"""The response cache: the same bytes again, ETags, and what is never cached."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.main import UNCACHED
from app.web.response_cache import (
    DATA_CACHE_CONTROL,
    MAX_ENTRY_BYTES,
    PAGE_CACHE_CONTROL,
    ResponseCache,
)
from tests.threads import in_thread

Handler = Callable[..., Awaitable[Response]]


def serving(
    make: Callable[[str], Response], max_bytes: int = 1_000_000
) -> tuple[TestClient, list[str]]:
    """An application of one route behind the middleware, and the queries that reached it."""
    asked: list[str] = []

    async def handle(request: object) -> Response:
        query = request.url.query  # type: ignore[attr-defined]
        asked.append(query)
        return make(query)

    app = Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST"])])
    return TestClient(ResponseCache(app, max_bytes, UNCACHED)), asked


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
        lambda _: PlainTextResponse("x" * (MAX_ENTRY_BYTES + 1)),
        lambda _: StreamingResponse(iter(["x" * MAX_ENTRY_BYTES, "y", "z"])),
    ],
)
def test_what_is_not_for_keeping_is_asked_for_each_time(
    answer: Callable[[str], Response],
) -> None:
    client, asked = serving(answer)
    assert client.get("/").content == client.get("/").content != b""
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/healthz"), ("GET", "/static/abc/page.css"), ("POST", "/")]
)
def test_what_tells_of_the_moment_files_and_posts_are_passed_on(method: str, path: str) -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    assert "etag" not in client.request(method, path).headers
    client.request(method, path)
    assert len(asked) == 2


def test_answers_depend_on_host_and_encoding() -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    client.get("/", headers={"Accept-Encoding": "br"})
    client.get("/", headers={"Accept-Encoding": "br", "Host": "other.example"})
    client.get("/", headers={"Accept-Encoding": "gzip"})
    assert len(asked) == 3


def test_spellings_of_a_host_and_of_encodings_share_an_answer() -> None:
    client, asked = serving(lambda _: PlainTextResponse("text"))
    for host, encodings in (
        ("a.example", "gzip, deflate, br"),
        ("A.Example", "br;q=0.5, x-unknown"),
        ("a.example", "zstd;q=0, br"),
    ):
        client.get("/", headers={"Host": host, "Accept-Encoding": encodings})
    assert len(asked) == 1


def test_a_page_is_made_for_the_host_that_it_is_kept_for(client: TestClient) -> None:
    ours = client.get("/symbols").text
    theirs = client.get("/symbols", headers={"Host": "EVIL.example"}).text
    assert "http://evil.example/symbols" in theirs
    assert client.get("/symbols").text == ours
    assert "evil.example" not in ours


def test_no_more_is_kept_than_allowed_and_the_least_asked_for_goes_first() -> None:
    client, asked = serving(lambda query: PlainTextResponse("x" * 4_000 + query), max_bytes=12_000)
    for query in ("a", "b", "a", "c", "a", "b"):
        client.get(f"/?{query}")
    # b made room for c, because a had been requested since.
    assert asked == ["a", "b", "c", "b"]


def test_whatever_is_long_the_memory_that_is_held_stays_within_the_bound() -> None:
    bound = 3_000_000

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"x", scope["state"])]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"short"})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    async def ask() -> None:
        for n in range(2_000):
            # One part of each is long; text takes the most memory where a letter takes four bytes.
            query, host, path, header = (15_000 if n % 4 == part else 1 for part in range(4))
            scope: Scope = {
                "type": "http",
                "method": "GET",
                "scheme": "http",
                "path": f"/{n}" + "\U0001f600" * path,
                "query_string": f"{n:04}".encode() * query,
                "headers": [(b"host", f"{n:04}".encode() * host)],
                "state": f"{n:04}".encode() * header,
            }
            await kept(scope, receive, send)

    kept = ResponseCache(app, bound)
    tracemalloc.start()
    try:
        in_thread(lambda: asyncio.run(ask()))
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bound / 2 < held < bound + 100_000


def test_pages_are_checked_each_time_and_data_may_be_used_for_a_while(client: TestClient) -> None:
    page = client.get("/sections/beta")
    assert page.headers["cache-control"] == PAGE_CACHE_CONTROL
    data = client.get("/api/v1/dpo_loss?beta=0.3")
    assert data.headers["cache-control"] == DATA_CACHE_CONTROL
    again = client.get("/api/v1/dpo_loss?beta=0.3", headers={"If-None-Match": data.headers["etag"]})
    assert again.status_code == 304
    # Headers that other middleware adds are not cached with it.
    assert again.headers["x-content-type-options"] == "nosniff"
