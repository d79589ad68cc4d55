"""Pages of runs that are still being made: sent at once, with a result that is there already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from app.runs.job import job_of
from app.runs.memo import Memo
from app.runs.queue import RunQueue
from app.state.controls import Control, controls_of
from app.widgets.base import Widget, WidgetParams, WidgetResult

HELD_S = 60
"""seconds that a page holds a place in the queue for a reader who may ask again"""

AGAIN_S = 30
"""seconds within which a page without script asks again (templates/base.html), on slow connections too"""

KEPT_FAILURES = 100
"""failures that wait to be reported to their readers"""


class PageRuns:
    """The runs that pages have begun and do not wait for."""

    def __init__(self, memo: Memo, runs: RunQueue) -> None:
        self._memo = memo
        self._runs = runs
        self._tasks: dict[tuple[str, WidgetParams], asyncio.Task[None]] = {}
        self._failures: dict[tuple[str, WidgetParams], Exception] = {}
        self._unbegun: dict[tuple[str, WidgetParams], float] = {}

    async def result(
        self, widget: Widget, params: WidgetParams
    ) -> tuple[WidgetResult, WidgetParams]:
        """A result that is there, with its parameters: the default ones' while that of ``params`` is made.

        Waits if the default result is not there either. While the server is busy, the run is begun only if
        it is asked for again: the page's script requests it or trains on the reader's machine, but a page
        without script loads itself again. Raises ``Busy`` if the run has no room, and the failure of a run
        that was begun here.
        """
        default = widget.params()
        if await self.has(widget, params) or not await self.has(widget, default):
            return await self._memo.result(widget, params), params
        await self._begin(widget, params)
        return await self._memo.result(widget, default), default

    def close(self) -> None:
        """Stop waiting for all runs."""
        for task in self._tasks.values():
            task.cancel()

    async def has(self, widget: Widget, params: WidgetParams) -> bool:
        """Whether a result takes no training, or has been trained."""
        return (
            not widget.trains(params)
            or self._memo.has(widget, params)
            or await self._runs.has(job_of(widget, params))
        )

    async def _begin(self, widget: Widget, params: WidgetParams) -> None:
        key = (widget.name, params)
        if failure := self._failures.pop(key, None):
            raise failure
        if key in self._tasks:
            return
        job = job_of(widget, params)
        if self._runs.wait_s(job) and not self._asked_again(key):
            return
        await self._runs.expect_room(job)
        if key not in self._tasks:  # another request may have begun it meanwhile
            self._tasks[key] = asyncio.create_task(self._wait(widget, params))

    def _asked_again(self, key: tuple[str, WidgetParams]) -> bool:
        """Whether a page was sent a moment ago without beginning its run."""
        now = time.monotonic()
        again = key in self._unbegun and now - self._unbegun[key] < AGAIN_S
        self._unbegun = {each: at for each, at in self._unbegun.items() if now - at < AGAIN_S}
        self._unbegun[key] = now
        return again

    async def _wait(self, widget: Widget, params: WidgetParams) -> None:
        key = (widget.name, params)
        try:
            async with asyncio.timeout(HELD_S):
                await self._memo.result(widget, params)
        except TimeoutError:
            pass  # nobody has asked again, or the next one to ask begins anew
        except Exception as failure:
            self._failures[key] = failure
            for oldest in list(self._failures)[:-KEPT_FAILURES]:
                del self._failures[oldest]
        finally:
            del self._tasks[key]


async def result_for_page(
    state: Any, widget: Widget, params: WidgetParams
) -> tuple[WidgetResult, WidgetParams]:
    """What ``PageRuns.result`` returns; without a queue of runs, as in an export, the result itself."""
    page_runs: PageRuns | None = getattr(state, "page_runs", None)
    if page_runs is None:
        return await state.memo.result(widget, params), params
    return await page_runs.result(widget, params)


def described(shown: WidgetParams, asked: Mapping[str, Control]) -> str:
    """The parameters in which what is shown differs from what was asked for, in words."""
    return ", ".join(
        _in_words(control)
        for name, control in controls_of(shown).items()
        if control.value != asked[name].value
    )


def _in_words(control: Control) -> str:
    title = control.title
    if title[1:2].islower():  # "Seed", but not "DPO's β"
        title = title[0].lower() + title[1:]
    label = dict(control.options).get(str(control.value))
    return f"{title} {control.value}" if label is None else f"{title} “{label}”"
