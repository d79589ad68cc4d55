from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from app.lab.shared_runs import SharedRuns


class Counted:
    """A run that counts how often each of its rows is made."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.made: list[int] = []

    def __call__(self) -> Iterator[int]:
        for row in range(self.length):
            self.made.append(row)
            yield row


def test_a_finished_run_is_not_made_again() -> None:
    runs, run = SharedRuns[str, int](4), Counted(5)
    assert list(runs.rows("a", run)) == list(runs.rows("a", run)) == [0, 1, 2, 3, 4]
    assert run.made == [0, 1, 2, 3, 4]


def test_a_run_that_was_left_goes_on_where_it_stopped() -> None:
    runs, run = SharedRuns[str, int](4), Counted(5)
    assert list(islice(runs.rows("a", run), 2)) == [0, 1]
    assert run.made == [0, 1]
    assert list(runs.rows("a", run)) == [0, 1, 2, 3, 4]
    assert run.made == [0, 1, 2, 3, 4]


def test_readers_at_the_same_time_make_each_row_once() -> None:
    runs, run = SharedRuns[str, int](4), Counted(300)
    together = threading.Barrier(4)

    def read() -> list[int]:
        together.wait(10)
        return list(runs.rows("a", run))

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(read) for _ in range(4)]]
    assert results == [list(range(300))] * 4
    assert run.made == list(range(300))


def test_the_store_is_bounded_and_forgets_the_oldest() -> None:
    runs, oldest = SharedRuns[str, int](2), Counted(1)
    for key, run in (("a", oldest), ("b", Counted(1)), ("c", Counted(1)), ("a", oldest)):
        list(runs.rows(key, run))
    assert oldest.made == [0, 0]


def test_a_failure_reaches_every_reader_and_is_not_kept() -> None:
    runs = SharedRuns[str, int](4)

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("torch said no")

    first, second = runs.rows("a", failing), runs.rows("a", failing)
    assert [next(first), next(second)] == [1, 1]
    for reader in (first, second):
        with pytest.raises(ValueError, match="torch said no"):
            next(reader)
    assert list(runs.rows("a", Counted(2))) == [0, 1]
