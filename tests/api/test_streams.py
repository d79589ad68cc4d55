"""Streams of runs: their ids, and the error of one that ends early."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.runs.failures import RunFailed, RunLost
from app.runs.job import Event, Job
from app.settings import Settings
from app.web.errors import STOPPING, UNEXPECTED
from tests.runs.test_runs import Scripted, for_ever, run
from tests.runs.test_waiting_readers import Reader

RUN = "/api/v1/ppo_dynamics"
STREAM = f"{RUN}/stream"
QUERY = {"iterations": "10", "seed": "3"}

Script = Callable[[Job], AsyncIterator[Event]]


def fields(event: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in event.splitlines())


def events(text: str) -> list[dict[str, str]]:
    """The fields of each event, comments left out."""
    return [fields(event) for event in text.split("\n\n") if event and not event.startswith(":")]


def test_a_reader_who_comes_back_gets_the_events_after_the_last_that_came(
    client: TestClient,
) -> None:
    whole = events(client.get(STREAM, params=QUERY).text)
    numbered = [event for event in whole if event["event"] != "queued"]
    assert [event["id"] for event in numbered] == [str(n) for n in range(1, 13)]
    rest = client.get(STREAM, params=QUERY, headers={"Last-Event-ID": "7"})
    assert events(rest.text) == numbered[7:]


@pytest.mark.slow
def test_the_stream_sends_each_row_and_then_the_result(client: TestClient) -> None:
    streamed = client.get(STREAM, params=QUERY)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    sent = [(event["event"], json.loads(event["data"])) for event in events(streamed.text)]
    result = client.get(RUN, params=QUERY).json()
    assert sent == [*(("step", row) for row in result["history"]), ("done", result)]


def test_an_id_that_no_event_has_is_refused(client: TestClient) -> None:
    answer = client.get(STREAM, params=QUERY, headers={"Last-Event-ID": "seven"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Last-Event-ID"]


def raising(error: Exception) -> Script:
    """A run that fails after its first row."""

    async def script(_: Job) -> AsyncIterator[Event]:
        yield Event("step", "{}")
        raise error

    return script


@pytest.mark.parametrize(
    ("script", "status", "detail", "retry_after"),
    [
        (raising(RunFailed("ValueError", "secret: a colon")), 500, UNEXPECTED, None),
        (raising(KeyError("secret")), 500, UNEXPECTED, None),
        (raising(RunFailed("BadWeights", "a file: damaged")), 503, "a file: damaged", 60),
        (raising(RunLost("killed")), 503, "interrupted", 5),
        (for_ever, 503, "more than 0.1 seconds", 60),
    ],
)
def test_a_stream_that_ends_early_says_why_as_the_endpoint_does(
    script: Script,
    status: int,
    detail: str,
    retry_after: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.runs.queue.RETRY_DELAYS", ())
    app = create_app(Settings(warm=False, run_seconds=0.1), lambda _: Scripted(script))
    with TestClient(app, raise_server_exceptions=False) as client:
        row, end = events(client.get(STREAM, params=QUERY, headers={"X-Request-ID": "one"}).text)
        asked = client.get(RUN, params=QUERY, headers={"X-Request-ID": "one"})
    assert row["event"] == "step"
    assert (end["event"], "id" in end) == ("error", False)
    problem = json.loads(end["data"])
    assert problem == asked.json()
    assert (problem["status"], problem.get("retry_after")) == (status, retry_after)
    assert detail in problem["detail"]
    assert asked.headers.get("retry-after") == (retry_after and str(retry_after))


def test_a_stream_that_is_cut_off_as_the_server_stops_says_so() -> None:
    async def ask() -> str:
        app = create_app(Settings(warm=False), lambda _: Scripted(for_ever))
        async with app.router.lifespan_context(app):
            reader = Reader(app, STREAM)
            while b"event: step" not in reader.body:
                await asyncio.sleep(0)
            reader.over.cancel()
            await asyncio.gather(reader.over, return_exceptions=True)
        assert reader.whole
        return reader.body.decode()

    *_, last = events(run(ask()))
    assert last["event"] == "error"
    problem = json.loads(last["data"])
    assert (problem["status"], problem["detail"]) == (503, STOPPING)
