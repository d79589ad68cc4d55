"""Log lines are JSON, have the id of their request, and contain nothing that readers send."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.main import create_app
from app.ops.metrics import Metrics
from app.ops.request_log import MAX_PATH_LENGTH, RequestLog
from app.settings import Settings
from app.web.logs import JsonFormatter, request_id, request_id_for
from app.web.problem import Problem
from tests.serving import COMMAND, served

SECRET = "zebra-4711"
"""part of everything that readers send in these tests"""


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def record(message: str, *args: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("app.test", logging.WARNING, __file__, 1, message, args, None)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_line_says_when_in_utc_and_what() -> None:
    line = line_of(record("a\n%s", "b", fields={"status": 200}))
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "app.test", "message": "a\nb", "status": 200}
    when = datetime.fromisoformat(line_of(record("a", created=0.25))["time"])
    assert when.utcoffset() == timedelta(0)
    assert when.timestamp() == 0.25


def test_an_exception_in_a_request_is_told_by_type_and_place() -> None:
    token = request_id.set("abc")
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ExceptionGroup(SECRET, [ValueError(SECRET)]) from error
    except ExceptionGroup:
        line = line_of(record("failed", exc_info=sys.exc_info()))
    finally:
        request_id.reset(token)
    assert SECRET not in json.dumps(line)
    types = [told["type"] for told in line["exceptions"]]
    assert types == ["ExceptionGroup", "ValueError", "KeyError"]
    assert re.search(r"test_logs\.py:\d+ in test_an_exception", line["exceptions"][0]["at"][0])


def test_an_exception_outside_of_requests_has_its_text() -> None:
    line = line_of(record("failed", exc_info=(OSError, OSError("disk full"), None)))
    assert line["exceptions"][0]["text"] == "disk full"


@given(st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True))
def test_a_well_formed_id_is_kept(given_id: str) -> None:
    assert request_id_for(given_id) == given_id


@pytest.mark.parametrize("bad", [None, "", "a b", "a\n", "é", "x" * 65, '"', "a_b"])
def test_any_other_is_replaced_by_a_new_one(bad: str | None) -> None:
    first, second = request_id_for(bad), request_id_for(bad)
    assert first not in (bad, second)
    assert request_id_for(first) == first


def lines_of(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [getattr(r, "fields", {}) for r in caplog.records if r.name == "app.requests"]


def test_each_request_leaves_one_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app")
    for _ in range(2):
        client.get("/api/v1/dpo_loss", params={"beta": 0.123})
    client.get("/sections/nope")
    client.post("/api/v1/preference_loss", json={"loss_type": SECRET})
    client.post("/api/v1/check_run", json={"text": SECRET})
    client.post("/api/v1/check_run", files={"file": (SECRET, SECRET)}, data={"trainer": SECRET})
    client.get("/" + "x" * 2000)
    made, kept, nope, posted, *checked, long = lines_of(caplog)
    assert made.pop("milliseconds") >= 0
    assert made == {
        "method": "GET",
        "path": "/api/v1/dpo_loss",
        "route": "/api/v1/dpo_loss",
        "status": 200,
        "bytes": kept["bytes"],
        "client": "testclient",
        "kept": "miss",
    }
    assert (kept["kept"], kept["route"]) == ("hit", "/api/v1/dpo_loss")
    assert (nope["status"], nope["route"]) == (404, "/sections/{slug}")
    assert (posted["status"], posted["method"]) == (422, "POST")
    assert [line["path"] for line in checked] == ["/api/v1/check_run"] * 2
    assert len(long["path"]) == MAX_PATH_LENGTH
    assert SECRET not in "".join(JsonFormatter().format(r) for r in caplog.records)
    assert "0.123" not in "".join(JsonFormatter().format(r) for r in caplog.records)


def test_the_id_goes_back_to_whoever_asked(client: TestClient) -> None:
    given_id = "my-request-1"
    for path in ("/healthz", "/nope", "/api/v1/dpo_loss?beta=nan"):
        answer = client.get(path, headers={"X-Request-ID": given_id})
        assert answer.headers["x-request-id"] == given_id
        assert client.get(path).headers["x-request-id"] != given_id
        assert client.get(path, headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"


@pytest.fixture
def faulty() -> Iterator[TestClient]:
    """The site with routes that fail."""
    app: FastAPI = create_app(Settings(warm=False))

    def fail(text: str) -> None:
        raise RuntimeError(text)

    app.get("/api/v1/faulty")(fail)
    app.get("/faulty")(fail)
    with TestClient(app) as client:
        yield client


def test_a_fault_is_logged_and_told_with_the_id_of_its_request(
    faulty: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    formatted: list[str] = []

    class Formatting(logging.Handler):
        """Formats a line where it is logged, as the server's handler does."""

        def emit(self, record: logging.LogRecord) -> None:
            formatted.append(JsonFormatter().format(record))

    handler = Formatting()
    logging.getLogger("app").addHandler(handler)
    caplog.set_level(logging.INFO, "app")
    try:
        answer = faulty.get(
            "/api/v1/faulty", params={"text": SECRET}, headers={"X-Request-ID": "abc"}
        )
    finally:
        logging.getLogger("app").removeHandler(handler)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert Problem(**answer.json()).request_id == "abc"
    assert SECRET not in answer.text
    fault, request = (json.loads(line) for line in formatted)
    assert fault["level"] == request["level"] == "error"
    assert fault["request_id"] == request["request_id"] == "abc"
    assert fault["exceptions"][0]["type"] == "RuntimeError"
    assert request["status"] == 500
    assert SECRET not in "".join(formatted)


def test_a_page_that_fails_shows_the_id(faulty: TestClient) -> None:
    answer = faulty.get("/faulty", params={"text": "a"}, headers={"X-Request-ID": "abc"})
    assert answer.status_code == 500
    assert "<code>abc</code>" in answer.text


def test_what_the_reader_got_wrong_has_no_id_in_it(client: TestClient) -> None:
    """The same address gives the same bytes."""
    assert "request_id" not in client.get("/api/v1/dpo_loss?beta=99").json()


def test_the_line_of_a_stream_comes_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app")
    seen: list[int] = []

    async def parts() -> Any:
        for _ in range(3):
            seen.append(len(lines_of(caplog)))
            yield b"part"

    async def broken() -> Any:
        yield b"part"
        raise RuntimeError

    async def stream(_: object) -> StreamingResponse:
        return StreamingResponse(parts())

    async def breaking(_: object) -> StreamingResponse:
        return StreamingResponse(broken())

    app = Starlette(routes=[Route("/whole", stream), Route("/broken", breaking)])
    client = TestClient(RequestLog(app, Metrics(app.state)))
    client.get("/whole")
    assert seen == [0, 0, 0]
    (line,) = lines_of(caplog)
    assert line["bytes"] == 12
    assert "complete" not in line
    with pytest.raises(RuntimeError):
        client.get("/broken")
    assert lines_of(caplog)[1]["complete"] is False


@pytest.mark.slow
def test_a_server_writes_nothing_but_json_lines_and_no_query(tmp_path: Path) -> None:
    out, lines = tmp_path / "out", list[str]()
    command = ("sh", "-c", f'exec "$0" "$@" > {out}', *COMMAND)
    with served(command=command, lines=lines) as (_, address):
        ask_hostile_things(address)
    assert out.read_text() == ""
    assert SECRET not in "".join(lines)
    parsed = [json.loads(line) for line in lines]
    for line in parsed:
        assert {"time", "level", "logger", "message"} <= line.keys()
    asked = [line for line in parsed if line["logger"] == "app.requests"]
    answers = [("/healthz", 422), ("/z", 404), ("/widgets/bring_your_logps", 422)]
    assert [(line["path"], line["status"]) for line in asked] == answers
    assert {line["logger"].partition(".")[0] for line in parsed} == {"app", "uvicorn"}
    assert asked[0]["request_id"] == "abc"


def ask_hostile_things(base: str) -> None:
    httpx.get(f"{base}/healthz", params={"a": SECRET}, headers={"X-Request-ID": "abc"})
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    httpx.get(f"{base}/z", params={"b": SECRET}, headers=upgrade)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    httpx.post(f"{base}/widgets/bring_your_logps", content=SECRET, headers=form)
    with socket.create_connection(("127.0.0.1", urlsplit(base).port or 80)) as connection:
        connection.sendall(f"GET /?{SECRET} NOT-HTTP\r\n\r\n".encode())
        connection.recv(1000)
