"""How long training took, on a machine that has other things to do as well."""

from __future__ import annotations

import time


class Stopwatch:
    """CPU seconds of this thread inside the watch's ``with`` blocks, added up.

    What other threads run at the same time does not count, nor what happens between the blocks.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def __enter__(self) -> Stopwatch:
        self._start = time.thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.thread_time() - self._start
