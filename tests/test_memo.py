from __future__ import annotations

import threading
from typing import Any

import pytest

from app.memo import Memo
from app.widgets.base import Widget, WidgetParams, WidgetResult


class Params(WidgetParams):
    n: int = 0


def widget(compute: Any) -> Widget:
    return Widget("test", "title", "caption", Params, WidgetResult, compute)


def test_equal_parameters_are_computed_once() -> None:
    calls: list[int] = []

    def compute(params: Params) -> WidgetResult:
        calls.append(params.n)
        return WidgetResult(finding=str(params.n))

    memo, tested = Memo(), widget(compute)
    assert memo.result(tested, Params(n=1)) is memo.result(tested, Params(n=1))
    memo.result(tested, Params(n=2))
    assert calls == [1, 2]


def test_those_who_ask_at_the_same_time_share_one_computation() -> None:
    started, go_on = threading.Event(), threading.Event()
    calls: list[int] = []

    def compute(params: Params) -> WidgetResult:
        calls.append(params.n)
        started.set()
        go_on.wait(10)
        return WidgetResult(finding="done")

    memo, tested = Memo(), widget(compute)
    found: list[WidgetResult] = []
    threads = [
        threading.Thread(target=lambda: found.append(memo.result(tested, Params())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert started.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 4
    assert calls == [0]


def test_a_failure_is_told_and_not_kept() -> None:
    calls: list[int] = []

    def compute(params: Params) -> WidgetResult:
        calls.append(params.n)
        if len(calls) == 1:
            raise RuntimeError("once")
        return WidgetResult(finding="second time")

    memo, tested = Memo(), widget(compute)
    with pytest.raises(RuntimeError, match="once"):
        memo.result(tested, Params())
    assert memo.result(tested, Params()).finding == "second time"


def test_the_store_is_bounded() -> None:
    calls: list[int] = []

    def compute(params: Params) -> WidgetResult:
        calls.append(params.n)
        return WidgetResult(finding="")

    memo, tested = Memo(kept=2), widget(compute)
    for n in (1, 2, 3, 1):
        memo.result(tested, Params(n=n))
    assert calls == [1, 2, 3, 1]
