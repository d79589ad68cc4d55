"""The page of a run that has not been made is sent at once, and says whose result it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI

from app.main import create_app
from app.runs.failures import RunFailed
from app.runs.job import Event, Job, events
from app.settings import Settings
from app.widgets.registry import WIDGETS
from tests.runs.test_runs import Scripted, for_ever, run
from tests.runs.test_waiting_readers import Reader, answered
from tests.serving import PATIENCE

QUERY = "stage=ppo"
PAGES = (f"/widgets/rlhf_pipeline?{QUERY}", f"/sections/rlhf-pipeline?{QUERY}")
"""pages with a widget that does not train in its default state"""

SAID = b"Showing stage"


def with_runs(
    script: Callable[[Job], AsyncIterator[Event]],
    act: Callable[[FastAPI], Awaitable[None]],
    waiting_runs: int = 10,
) -> None:
    async def go() -> None:
        settings = Settings(warm=False, concurrent_runs=1, waiting_runs=waiting_runs)
        app = create_app(settings, lambda _: Scripted(script))
        async with app.router.lifespan_context(app):
            await act(app)

    run(asyncio.wait_for(go(), PATIENCE))


async def ended(app: FastAPI) -> None:
    while app.state.page_runs._tasks:
        await asyncio.sleep(0)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_sent_while_its_run_is_made_and_again_once_it_is(page: str) -> None:
    go_on = asyncio.Event()

    async def held(job: Job) -> AsyncIterator[Event]:
        await go_on.wait()
        for event in events(job):
            yield event

    async def act(app: FastAPI) -> None:
        for _ in range(2):
            status, body = await answered(app, page)
            assert (status, SAID in body, b'http-equiv="refresh"' in body) == (200, True, True)
        assert (app.state.runs.running, app.state.runs.store_misses) == (1, 1)
        waiting = Reader(app, f"/api/v1/rlhf_pipeline?{QUERY}")
        while app.state.runs.store_misses + app.state.memo.hits < 2:
            await asyncio.sleep(0)
        assert not waiting.over.done()
        go_on.set()
        await ended(app)
        status, body = await answered(app, page)
        assert (status, b"data-pending" in body, b"http-equiv" in body) == (200, False, False)
        await waiting.over
        assert waiting.status == 200

    with_runs(held, act)


def test_a_client_that_prefers_not_to_wait_is_told_that_a_run_has_not_been_made() -> None:
    address = "/widgets/rlhf_pipeline/answer?stage={}"

    async def act(app: FastAPI) -> None:
        prefers = {"prefer": "respond-async"}
        assert await answered(app, address.format("ppo"), prefers) == (202, b'{"wait_s":0.0}')
        assert app.state.runs.store_misses == 0
        assert (await answered(app, address.format("sft"), prefers))[0] == 200

    with_runs(for_ever, act)


def test_the_next_reader_of_a_run_that_failed_is_told_so() -> None:
    async def fails(_: Job) -> AsyncIterator[Event]:
        raise RunFailed("ValueError", "torch said no")
        yield

    async def act(app: FastAPI) -> None:
        assert (await answered(app, PAGES[0]))[0] == 200
        await ended(app)
        assert (await answered(app, PAGES[0]))[0] == 500
        assert (await answered(app, PAGES[0]))[0] == 200

    with_runs(fails, act)


def test_a_page_whose_run_has_no_room_is_refused() -> None:
    async def act(app: FastAPI) -> None:
        assert (await answered(app, PAGES[0]))[0] == 200
        assert (await answered(app, "/widgets/frontier?method=dpo"))[0] == 503
        assert app.state.runs.store_misses == 1

    with_runs(for_ever, act, waiting_runs=0)


def test_a_page_whose_default_is_not_there_either_waits() -> None:
    go_on = asyncio.Event()

    async def held(job: Job) -> AsyncIterator[Event]:
        await go_on.wait()
        widget = WIDGETS[job.widget]
        yield Event("done", widget.compute(widget.params()).model_dump_json())

    async def act(app: FastAPI) -> None:
        reader = Reader(app, "/widgets/pipeline_comparison?seed=4")
        while not app.state.runs.running:
            await asyncio.sleep(0)
        assert not reader.over.done()
        go_on.set()
        await reader.over
        assert b"data-pending" not in reader.body

    with_runs(held, act)
