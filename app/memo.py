"""Results by parameters: compute is pure, so equal parameters share one result."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from app.widgets.base import Widget, WidgetParams, WidgetResult

KEPT = 16
"""results of each widget; the answers made of them are kept as well (app/kept.py), and are smaller"""


Compute = Callable[[Widget, WidgetParams], WidgetResult]


def compute_here(widget: Widget, params: WidgetParams) -> WidgetResult:
    """In the thread that asks."""
    return widget.compute(params)


class Memo:
    """A bounded store of results; whoever asks for one that is being computed waits for it.

    Each widget has its own bound, so that many cheap results do not drive out a training run.
    """

    hits = 0
    """results that were there, or being computed"""
    misses = 0

    def __init__(self, compute: Compute = compute_here, kept: int = KEPT) -> None:
        self._compute = compute
        self._kept = kept
        self._lock = threading.Lock()
        self._results: dict[str, OrderedDict[WidgetParams, Future[WidgetResult]]] = {}

    def result(self, widget: Widget, params: WidgetParams) -> WidgetResult:
        """The result of a widget for its parameters, computed at most once at a time.

        Raises whatever compute raises; a failure is not kept.
        """
        with self._lock:
            results = self._results.setdefault(widget.name, OrderedDict())
            future = results.get(params)
            ours = future is None
            if future is None:
                self.misses += 1
                future = results[params] = Future()
                while len(results) > self._kept:
                    results.popitem(last=False)
            else:
                self.hits += 1
                results.move_to_end(params)
        if ours:
            try:
                future.set_result(self._compute(widget, params))
            except BaseException as error:
                with self._lock:
                    results.pop(params, None)
                future.set_exception(error)
        return future.result()
