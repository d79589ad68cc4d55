from __future__ import annotations

import threading
import time

from app.lab.stopwatch import Stopwatch


def work(seconds: float) -> None:
    """Keep this thread busy for so many seconds of its own CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_it_adds_up_its_blocks_and_leaves_out_what_lies_between() -> None:
    watch = Stopwatch()
    with watch:
        work(0.02)
    first = watch.seconds
    work(0.5)
    with watch:
        work(0.02)
    assert first >= 0.02
    assert first + 0.02 <= watch.seconds < 0.5


def test_the_work_of_another_thread_does_not_count() -> None:
    other = threading.Thread(target=work, args=(0.5,))
    with Stopwatch() as watch:
        other.start()
        other.join()
    assert watch.seconds < 0.25
