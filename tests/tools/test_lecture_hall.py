"""The parts of the lecture hall and of the soak; no duration is asserted."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest

from tools.bench.memory import Memory, memory_of
from tools.lecture_hall import __main__ as lecture_hall
from tools.lecture_hall import soak
from tools.lecture_hall.events import BadStream, Event, RunWatch, events_of
from tools.lecture_hall.report import (
    FIRST_ROW,
    ON_READERS,
    ON_SERVER,
    OWN_SEED,
    READY,
    Asked,
    Lecture,
    MemoryAt,
    OwnRun,
    Queued,
    memory_table,
    queue_line,
    times_table,
    with_own_machines,
)
from tools.lecture_hall.soak import AtRest
from tools.lecture_hall.waiting import late

# ---- lecture hall ------------------------------------------------------------------------------


def test_events_are_read_by_name_and_an_unfinished_one_is_left_out() -> None:
    sent = ': ping\n\nid: 0\nevent: queued\ndata: {"place": 2}\n\ndata: β\n\nevent: x\ndata: a'
    events = list(events_of(sent.encode().splitlines()))
    assert events == [Event("queued", '{"place": 2}'), Event("message", "β")]


def queued(place: int) -> Event:
    return Event("queued", json.dumps({"place": place}))


def step(iteration: int) -> Event:
    return Event("step", json.dumps({"iteration": iteration}))


def done(rows: int) -> Event:
    return Event("done", json.dumps({"history": [{}] * rows}))


def test_a_run_is_followed_from_the_queue_to_its_end() -> None:
    watch = RunWatch()
    for second, event in enumerate([queued(3), queued(1), step(0), step(1), done(2)]):
        watch.take(event, second)
    assert watch == RunWatch(places=[3, 1], rows=2, first_row=2, done=4)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([queued(1), queued(2)], "place 2 after"),
        ([queued(0)], "place 0"),
        ([step(0), queued(1)], "queued after the first row"),
        ([step(0), step(2)], "row 2 where row 1"),
        ([done(0)], "done without a row"),
        ([step(0), done(2)], "another number of rows"),
        ([step(0), done(1), step(1)], "step after done"),
        ([Event("error", "torch said no")], "torch said no"),
    ],
)
def test_a_stream_that_is_not_as_it_should_be_is_an_error(events: list[Event], why: str) -> None:
    watch = RunWatch()
    for event in events[:-1]:
        watch.take(event, 0.0)
    with pytest.raises(BadStream, match=why):
        watch.take(events[-1], 0.0)


def test_times_are_told_by_kind_and_parts_of_requests_are_not_counted_twice(tmp_path: Path) -> None:
    asked = [Asked("page", n / 1000) for n in range(1, 101)]
    asked += [Asked("run", 2.0), Asked("run: its first row", 1.0, phase=True)]
    asked += [Asked("gone", 9.0, "status 500")]
    Lecture(3, asked, [Queued(1, 1.0)]).save(tmp_path / "notes")
    lecture = Lecture.read(tmp_path / "notes")
    assert lecture == Lecture(3, asked, [Queued(1, 1.0)])
    assert lecture.errors == ["gone: status 500"]
    assert times_table(lecture.asked).split("\n")[2:] == [
        "| gone | 1 | – | – | – | – | 1 |",
        "| page | 100 | 50 ms | 95 ms | 99 ms | 100 ms | 0 |",
        "| run | 1 | 2.0 s | 2.0 s | 2.0 s | 2.0 s | 0 |",
        "| run: its first row | 1 | 1.0 s | 1.0 s | 1.0 s | 1.0 s | 0 |",
        "| all requests | 102 | 51 ms | 96 ms | 100 ms | 2.0 s | 1 |",
    ]


def test_simulated_machines_take_as_long_as_the_browsers() -> None:
    asked = [Asked(ON_SERVER, 4.0), Asked(ON_SERVER + FIRST_ROW, 3.0, phase=True)]
    assert with_own_machines(asked, []) == asked
    ready = [Asked(READY, seconds, phase=True) for seconds in (1.0, 2.0, 3.0)]
    with pytest.raises(ValueError, match="no browser trained"):
        with_own_machines(ready, [])
    told = with_own_machines([*asked, *ready], [OwnRun(1.0, 0.25, 2.0), OwnRun(1.0, 0.5, 3.0)])

    def seconds(kind: str) -> list[float]:
        return sorted(each.seconds for each in told if each.kind == kind)

    assert seconds(ON_READERS) == [3, 5, 5]
    assert seconds(ON_READERS + FIRST_ROW) == [1.25, 2.5, 3.25]
    assert seconds(OWN_SEED) == [3, 4, 5, 5]
    assert seconds(OWN_SEED + FIRST_ROW) == [1.25, 2.5, 3, 3.25]


def test_the_length_of_the_queue_is_told() -> None:
    assert "at place 9 at most" in queue_line([Queued(4, 1.0), Queued(9, 2.0)])
    assert queue_line([]) == "No run had to queue."


def test_one_late_answer_of_a_hundred_is_let_pass_and_two_are_not() -> None:
    asked = [Asked("/healthz", 0.05)] * 98
    assert late([*asked, Asked("/healthz", 0.05), Asked("/healthz", 0.2)]) == []
    missed = late([*asked, *[Asked("/healthz", 0.2)] * 2])
    assert missed == ["/healthz: 2 of 100 took more than 0.1 s"]


def test_growth_of_memory_is_told_from_the_first_sample_to_the_last() -> None:
    now = memory_of(os.getpid())
    samples = [MemoryAt(float(n), now) for n in range(100)]
    lines = memory_table(samples, lines=5).split("\n")
    assert lines[2].startswith("| 0 s |")
    assert lines[-3].startswith("| 99 s |")
    assert lines[-3].endswith("| +0 |")
    assert len(lines) <= 2 + 6 + 2


@pytest.mark.slow
def test_a_few_students_attend_a_lecture_without_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of those with a seed of their own one finds room, and the others train.
    monkeypatch.setenv("DPO_EXPLAINED_CONCURRENT_RUNS", "1")
    hurry = ["--students", "5", "--spawn-seconds", "0.5", "--pauses", "0.1"]
    lecture_hall.main([*hurry, "--iterations", "60", "--limit-minutes", "5"])
    told = capsys.readouterr().out
    for kind in ("section page", "static file", "PPO run, the default one", "together", ON_READERS):
        assert kind in told


# ---- soak --------------------------------------------------------------------------------------


def at_rest(seconds: float, megabytes: float, files: int, *errors: str) -> AtRest:
    memory = Memory(rss=megabytes, files=0.0, pss=megabytes, children_pss=0.0, children=0)
    return AtRest(seconds, memory, megabytes, files, 100, errors)


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (at_rest(600, 419, 40), []),
        (at_rest(600, 421, 40), ["memory grew by 5.2%"]),
        (at_rest(600, 300, 43), ["3 more files are open"]),
    ],
)
def test_what_grew_is_named(last: AtRest, said: list[str]) -> None:
    assert soak.grown([at_rest(0, 400, 40), at_rest(300, 500, 90), last]) == said


def test_a_soak_that_errs_or_grows_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = [at_rest(0, 400, 40), at_rest(600, 500, 40, "gone: status 500")]
    monkeypatch.setattr(soak, "lectures", lambda _: iter(rests))
    with pytest.raises(SystemExit, match=r"memory grew by 25\.0%; 1 errors"):
        soak.main([])


@pytest.mark.slow
def test_a_short_soak_holds_more_than_one_lecture(capsys: pytest.CaptureFixture[str]) -> None:
    hurry = ["--students", "3", "--spawn-seconds", "0.3", "--pauses", "0.05"]
    # So short that memory still grows as caches fill: this tests the report, not the verdict.
    with suppress(SystemExit):
        soak.main([*hurry, "--iterations", "10", "--minutes", "0.01"])
    rows = [line for line in capsys.readouterr().out.splitlines() if re.match(r"\| \d+ s ", line)]
    assert len(rows) >= 2
    assert all(row.split("|")[3].strip() == "0" for row in rows), "no errors"
