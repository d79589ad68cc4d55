"""Simulated runs of real size that several files are of, and how a file of the corpus is put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tests.check.corpus.entry import Entry
from tests.check.corpus.forms import Pairs, TokenLists
from tests.check.corpus.simulation import Row, Source, Trained, Training, train

Made = tuple[Entry, bytes]

LONG = Source(tokens=290, pairs=2400)
CLEAR = Source(judge=3.0, quality=5.0, pairs=3000)
DISPLACED = Source(alike=0.8, tokens=220)
REFUSALS = Source(refusals=9, gap=3, pairs=1200)
EASY = Source(gap=11, pairs=1200)
WORDY = Source(verbose=4, taste=0.03, judge=0.05)


@cache
def run(training: Training) -> Trained:
    """A run, trained once."""
    return train(training)


def log_file(
    file: str,
    form: Callable[[Any], bytes],
    label: str,
    made: str,
    training: Training,
    *also: str,
    change: Callable[[list[Row]], list[Row]] | None = None,
    **settings: Any,
) -> Made:
    """A log of a run."""
    rows = run(training).rows
    if change:
        rows = change(rows)
    return Entry(file, "log", form.__name__, label, made, settings, also), form(rows)


def pairs_file(
    file: str,
    form: Callable[[Any], bytes],
    label: str,
    made: str,
    table: Pairs | TokenLists,
    *also: str,
    **settings: Any,
) -> Made:
    """Log-probabilities of pairs."""
    name = form.__name__.removeprefix("pairs_")
    return Entry(file, "pairs", name, label, made, settings, also), form(table)
