"""In-memory cache of results by parameters. ``compute`` is pure, so equal parameters share one result."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.runs.job import job_of
from app.runs.queue import RunQueue
from app.runs.threads import run_in_thread
from app.widgets.base import Widget, WidgetParams, WidgetResult

RESULTS_PER_WIDGET = 16
"""cached results of each widget; responses have a cache of their own (app/web/response_cache.py)"""

Compute = Callable[[Widget, WidgetParams], Awaitable[Any]]


async def compute_here(widget: Widget, params: WidgetParams) -> WidgetResult:
    """Compute a result in a thread of this process, including any training."""
    return await run_in_thread(widget.compute, params)


def compute_with(runs: RunQueue) -> Compute:
    """A compute function for ``Memo`` that leaves training to a queue on the same event loop."""

    async def compute(widget: Widget, params: WidgetParams) -> WidgetResult:
        if not widget.trains(params):
            return await compute_here(widget, params)
        made = await runs.result(job_of(widget, params))
        return await run_in_thread(widget.result.model_validate_json, made)

    return compute


@dataclass(eq=False)
class _Pending:
    """A result that is being computed."""

    task: asyncio.Future[Any]
    waiting: int = 0
    """callers that wait for it"""


class Memo:
    """LRU cache of results; concurrent requests for the same result share one computation.

    Each widget has its own bound, so that many cheap results do not evict a training run. A computation that
    nobody waits for any more is canceled.
    """

    hits = 0
    """lookups that found a result, or one being computed"""
    misses = 0

    def __init__(self, compute: Compute = compute_here, kept: int = RESULTS_PER_WIDGET) -> None:
        self._compute = compute
        self._kept = kept
        self._results: dict[str, OrderedDict[WidgetParams, Any]] = {}
        self._shared: dict[tuple[str, WidgetParams], _Pending] = {}

    def has(self, widget: Widget, params: WidgetParams) -> bool:
        """Whether a result is cached."""
        return params in self._results.get(widget.name, ())

    async def result(self, widget: Widget, params: WidgetParams) -> Any:
        """The result of a widget for its parameters.

        Raises whatever compute raises; failures are not cached.
        """
        results = self._results.setdefault(widget.name, OrderedDict())
        if params in results:
            self.hits += 1
            results.move_to_end(params)
            return results[params]
        result = await self._computed(widget, params)
        results[params] = result
        while len(results) > self._kept:
            results.popitem(last=False)
        return result

    async def _computed(self, widget: Widget, params: WidgetParams) -> Any:
        key = (widget.name, params)
        shared = self._shared.get(key)
        if shared is None:
            self.misses += 1
            task = asyncio.ensure_future(self._compute(widget, params))
            shared = self._shared[key] = _Pending(task)
        else:
            self.hits += 1
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting:
                shared.task.cancel()
                del self._shared[key]
