"""Runs that a server computes ahead."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app import main
from app.runs.job import Job
from app.widgets.registry import WIDGETS
from tests.runs.test_runs import run


class Hall:
    """A queue in which two runs of readers wait again whenever another run has finished."""

    def __init__(self) -> None:
        self.left = 2
        self.made: list[str] = []

    @property
    def waiting(self) -> int:
        """One fewer at each reading."""
        self.left = max(self.left - 1, 0)
        return self.left

    async def result(self, job: Job) -> str:
        assert self.left == 0, "it went before a reader's run"
        self.made.append(job.widget)
        self.left = 2
        return "{}"


def test_runs_that_are_made_ahead_wait_until_no_reader_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(main, "WARM_PAUSE_S", 0)
    hall = Hall()
    app: Any = SimpleNamespace(state=SimpleNamespace(runs=hall))
    run(main._warm(app, lambda widget: ("", *widget.warm)))
    assert hall.made == [
        widget.name
        for widget in WIDGETS.values()
        for query in ("", *widget.warm)
        if widget.trains(widget.params(**dict(parse_qsl(query))))
    ]
