from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from app.streaming import Queued, Runs

Result = TypeVar("Result")


def run(coroutine: Coroutine[None, None, Result]) -> Result:
    """In a thread of its own: a browser that other tests drive keeps this one's loop running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def test_rows_arrive_in_order_from_another_thread() -> None:
    threads: set[int] = set()

    def start() -> Iterator[int]:
        for n in range(5):
            threads.add(threading.get_ident())
            yield n

    async def read() -> list[int | Queued]:
        return [row async for row in Runs(1).rows(start)]

    assert run(read()) == [0, 1, 2, 3, 4]
    assert threading.get_ident() not in threads


def test_the_error_of_a_run_reaches_its_reader() -> None:
    def start() -> Iterator[int]:
        yield 1
        raise ValueError("torch said no")

    async def read() -> None:
        async for _ in Runs(1).rows(start):
            pass

    with pytest.raises(ValueError, match="torch said no"):
        run(read())


def test_a_reader_who_leaves_stops_the_run() -> None:
    stopped = threading.Event()

    def start() -> Iterator[int]:
        try:
            n = 0
            while True:
                yield (n := n + 1)
        finally:
            stopped.set()

    async def read() -> None:
        rows = Runs(1).rows(start)
        async for row in rows:
            if isinstance(row, int) and row > 10:
                break
        await rows.aclose()  # type: ignore[attr-defined]

    run(read())
    assert stopped.wait(10)


def test_no_more_runs_go_on_at_a_time_than_allowed() -> None:
    going, most = 0, 0
    lock = threading.Lock()

    def start() -> Iterator[int]:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        yield from range(50)
        with lock:
            going -= 1

    async def read_all() -> None:
        runs = Runs(2)

        async def read() -> None:
            async for _ in runs.rows(start):
                await asyncio.sleep(0)

        await asyncio.gather(*(read() for _ in range(6)))

    run(read_all())
    assert going == 0
    assert most <= 2


def test_readers_who_wait_hear_their_place_whenever_it_changes() -> None:
    release = [threading.Event() for _ in range(4)]

    async def read_all() -> list[list[object]]:
        runs = Runs(1)
        heard: list[list[object]] = [[] for _ in range(4)]

        async def read(number: int) -> None:
            def start() -> Iterator[str]:
                release[number].wait(10)
                yield f"run {number}"

            async for row in runs.rows(start):
                heard[number].append(row)

        tasks = []
        for number in range(4):
            tasks.append(asyncio.create_task(read(number)))
            await asyncio.sleep(0)
        # The second of those who wait leaves: the one behind moves up.
        tasks[2].cancel()
        await asyncio.gather(tasks[2], return_exceptions=True)
        for number in (0, 1, 3):
            release[number].set()
            await tasks[number]
        return heard

    heard = run(read_all())
    assert heard[0] == ["run 0"]
    assert heard[1] == [Queued(1), "run 1"]
    assert heard[3] == [Queued(3), Queued(2), Queued(1), "run 3"]


def test_a_run_that_fails_makes_room_for_the_next() -> None:
    def failing() -> Iterator[int]:
        raise ValueError("no")
        yield 1

    async def read() -> list[int | Queued]:
        runs = Runs(1)
        with pytest.raises(ValueError, match="no"):
            async for _ in runs.rows(failing):
                pass
        return [row async for row in runs.rows(lambda: iter([1, 2]))]

    assert [row for row in run(read()) if not isinstance(row, Queued)] == [1, 2]
