"""How long training took, on a machine that has other things to do as well."""

from __future__ import annotations

import time


class Stopwatch:
    """Time inside the watch's ``with`` blocks, added up; what happens between them does not count."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """CPU seconds of this thread: what other threads run at the same time does not count"""
        self.wall_seconds = 0.0
        """by the clock on the wall: on a busy machine it is more"""
        self._start = (0.0, 0.0)

    def __enter__(self) -> Stopwatch:
        self._start = (time.thread_time(), time.perf_counter())
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.thread_time() - self._start[0]
        self.wall_seconds += time.perf_counter() - self._start[1]
