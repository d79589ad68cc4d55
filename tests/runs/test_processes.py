"""Real child processes that train."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import aclosing

import pytest
import uvloop

from app.runs.failures import RunFailed, RunLost
from app.runs.job import Job, events, job_of
from app.runs.processes import ProcessExecutor
from app.widgets.ppo_dynamics import WIDGET, Params
from app.widgets.registry import WIDGETS
from tests.runs.test_runs import NewLoop, run

SHORT = job_of(WIDGET, Params(iterations=10, seed=3))
LONG = job_of(WIDGET, Params(iterations=400, seed=3))


def with_processes(
    act: Callable[[ProcessExecutor], Coroutine[None, None, None]], new_loop: NewLoop | None = None
) -> None:
    async def go() -> None:
        processes = ProcessExecutor()
        try:
            await act(processes)
        finally:
            await processes.close()

    run(go(), new_loop)


@pytest.mark.slow
def test_a_process_makes_what_is_made_here() -> None:
    async def act(processes: ProcessExecutor) -> None:
        made = [event async for event in processes.run(SHORT)]
        assert made == list(events(SHORT))
        assert [event.name for event in made] == ["step"] * 11 + ["done"]

    with_processes(act)


@pytest.mark.slow
def test_a_run_that_is_left_ends_with_its_process() -> None:
    async def act(processes: ProcessExecutor) -> None:
        async with aclosing(processes.run(LONG)) as rows:
            await anext(rows)
            (before,) = processes.pids
        assert [event async for event in processes.run(SHORT)][-1].name == "done"
        while before in processes.pids:
            await asyncio.sleep(0)
        assert len(processes.pids) == 1

    with_processes(act)


@pytest.mark.slow
def test_a_killed_process_is_told_and_replaced() -> None:
    async def act(processes: ProcessExecutor) -> None:
        rows = processes.run(LONG)
        await anext(rows)
        (pid,) = processes.pids
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RunLost):
            async for _ in rows:
                pass
        assert [event async for event in processes.run(SHORT)][-1].name == "done"

    with_processes(act)


@pytest.mark.slow
def test_a_process_killed_while_idle_costs_no_run() -> None:
    async def act(processes: ProcessExecutor) -> None:
        assert [event async for event in processes.run(SHORT)][-1].name == "done"
        (pid,) = processes.pids
        os.kill(pid, signal.SIGKILL)
        while pid in processes.pids:
            await asyncio.sleep(0)
        assert [event async for event in processes.run(SHORT)][-1].name == "done"

    # The server's loop closes a pipe at once, and refuses to write to it with an error of its own.
    with_processes(act, uvloop.new_event_loop)


@pytest.mark.slow
def test_an_error_in_training_is_told_and_the_process_goes_on() -> None:
    async def act(processes: ProcessExecutor) -> None:
        with pytest.raises(RunFailed, match="iterations"):
            await anext(processes.run(Job("ppo_dynamics", '{"iterations": -1}')))
        pids = processes.pids
        assert [event async for event in processes.run(SHORT)][-1].name == "done"
        assert processes.pids == pids

    with_processes(act)


@pytest.mark.slow
def test_policies_come_by_the_same_way() -> None:
    async def act(processes: ProcessExecutor) -> None:
        job = job_of(WIDGET, Params(iterations=10), "policies")
        assert [event async for event in processes.run(job)] == list(events(job))

    with_processes(act)


def test_the_key_of_a_job_tells_it_from_all_others() -> None:
    jobs = [
        SHORT,
        LONG,
        job_of(WIDGET, Params(iterations=10, seed=3), "policies"),
        job_of(WIDGETS["training_race"], WIDGETS["training_race"].params()),
    ]
    assert len({job.key for job in jobs}) == len(jobs)
    assert job_of(WIDGET, Params(iterations=10, seed=3)).key == SHORT.key
