from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from app.lab.run_cache import RunCache


class Counted:
    """A run that counts how often each of its rows is computed."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def __call__(self) -> Iterator[int]:
        for row in range(3):
            self.made.append(row)
            yield row


def test_a_finished_run_is_not_made_again() -> None:
    runs, run = RunCache[str, int](4), Counted()
    assert list(runs.rows("a", run)) == list(runs.rows("a", run)) == [0, 1, 2]
    assert run.made == [0, 1, 2]


def test_a_run_that_was_left_is_made_anew() -> None:
    runs, run = RunCache[str, int](4), Counted()
    assert list(islice(runs.rows("a", run), 2)) == [0, 1]
    assert list(runs.rows("a", run)) == [0, 1, 2]
    assert run.made == [0, 1, 0, 1, 2]


def test_the_store_is_bounded_and_forgets_the_oldest() -> None:
    runs, oldest = RunCache[str, int](2), Counted()
    for key, run in (("a", oldest), ("b", Counted()), ("c", Counted()), ("a", oldest)):
        list(runs.rows(key, run))
    assert oldest.made == [0, 1, 2] * 2
