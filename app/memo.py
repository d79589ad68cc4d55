"""Results by parameters: compute is pure, so equal parameters share one result."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Any

from app.widgets.base import Widget, WidgetParams, WidgetResult

KEPT = 256


class Memo:
    """A bounded store of results; whoever asks for one that is being computed waits for it."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._results: OrderedDict[Any, Future[WidgetResult]] = OrderedDict()

    def result(self, widget: Widget, params: WidgetParams) -> WidgetResult:
        """The result of ``widget.compute(params)``, computed at most once at a time.

        Raises whatever compute raises; a failure is not kept.
        """
        key = (widget.name, params)
        with self._lock:
            future = self._results.get(key)
            ours = future is None
            if future is None:
                future = self._results[key] = Future()
                while len(self._results) > self._kept:
                    self._results.popitem(last=False)
            else:
                self._results.move_to_end(key)
        if ours:
            try:
                future.set_result(widget.compute(params))
            except BaseException as error:
                with self._lock:
                    self._results.pop(key, None)
                future.set_exception(error)
        return future.result()
