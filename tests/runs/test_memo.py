from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.runs.memo import Memo
from app.widgets.base import Widget, WidgetParams, WidgetResult
from tests.runs.test_runs import run


class Params(WidgetParams):
    n: int = 0


WIDGET = Widget(
    "test", "title", "caption", Params, WidgetResult, lambda _: WidgetResult(finding="")
)


class Counted:
    """Computes when it is released, and records for which params."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.calls: list[int] = []
        self.canceled = 0
        self.go_on = asyncio.Event()
        if at_once:
            self.go_on.set()

    async def __call__(self, _: Widget, params: Any) -> WidgetResult:
        self.calls.append(params.n)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.canceled += 1
            raise
        if params.n < 0:
            raise RuntimeError("below zero")
        return WidgetResult(finding=str(params.n))


async def asked(memo: Memo, times: int) -> list[asyncio.Task[Any]]:
    """A number of requests that wait for one result."""
    tasks = [asyncio.create_task(memo.result(WIDGET, Params(n=1))) for _ in range(times)]
    while memo.hits + memo.misses < times:
        await asyncio.sleep(0)
    return tasks


def test_equal_parameters_are_computed_once() -> None:
    compute = Counted()

    async def ask() -> None:
        memo = Memo(compute)
        first = await memo.result(WIDGET, Params(n=1))
        assert await memo.result(WIDGET, Params(n=1)) is first
        await memo.result(WIDGET, Params(n=2))

    run(ask())
    assert compute.calls == [1, 2]


def test_those_who_ask_at_the_same_time_share_one_computation_even_if_the_first_leaves() -> None:
    async def ask() -> None:
        compute = Counted(at_once=False)
        first, *others = await asked(Memo(compute), 4)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        compute.go_on.set()
        found = await asyncio.gather(*others)
        assert [result.finding for result in found] == ["1"] * 3
        assert compute.calls == [1]

    run(ask())


def test_what_nobody_waits_for_is_canceled() -> None:
    async def ask() -> None:
        compute = Counted(at_once=False)
        memo = Memo(compute)
        tasks = await asked(memo, 2)
        while not compute.calls:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not compute.canceled:
            await asyncio.sleep(0)
        compute.go_on.set()
        assert (await memo.result(WIDGET, Params(n=1))).finding == "1"
        assert compute.calls == [1, 1]

    run(ask())


def test_a_failure_is_told_and_not_kept() -> None:
    compute = Counted()

    async def ask() -> None:
        memo = Memo(compute)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="below zero"):
                await memo.result(WIDGET, Params(n=-1))

    run(ask())
    assert compute.calls == [-1, -1]


def test_the_store_is_bounded() -> None:
    compute = Counted()

    async def ask() -> None:
        memo = Memo(compute, kept=2)
        for n in (1, 2, 3, 1):
            await memo.result(WIDGET, Params(n=n))

    run(ask())
    assert compute.calls == [1, 2, 3, 1]
