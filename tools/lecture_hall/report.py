"""The report of a lecture: times by kind of request, places in the queue, memory."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tools.bench.memory import Memory
from tools.bench.samples import percentile

ALL = "all requests"
OWN_SEED = "PPO run, a seed of one's own"
ON_SERVER = f"{OWN_SEED}, on the server"
ON_READERS = f"{OWN_SEED}, on readers' machines"
READY = "until a reader's machine begins to train"
FIRST_ROW = ": its first row"


@dataclass(frozen=True)
class Asked:
    """A request or a phase of one, of one kind."""

    kind: str
    seconds: float
    """until the response was complete"""
    error: str | None = None
    phase: bool = False
    """whether it is a part of another request, which is counted separately"""


@dataclass(frozen=True)
class Queued:
    """The first place that a run was told, and the seconds from then to its first row."""

    place: int
    seconds: float


@dataclass(frozen=True)
class OwnRun:
    """A run that a browser made, in seconds."""

    ready: float
    """from the reader's click until it began to train"""
    first_row: float
    """from then on"""
    whole: float
    """from then on"""


@dataclass(frozen=True)
class Lecture:
    """Everything that the students recorded."""

    students: int
    """number who finished"""
    asked: list[Asked]
    queued: list[Queued]

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Lecture:
        """Read a file written by ``save``."""
        saved = json.loads(file.read_text(encoding="utf-8"))
        asked = [Asked(**each) for each in saved["asked"]]
        return cls(saved["students"], asked, [Queued(**each) for each in saved["queued"]])

    @property
    def errors(self) -> list[str]:
        """All errors, each with its kind of request."""
        return [f"{each.kind}: {each.error}" for each in self.asked if each.error is not None]


@dataclass(frozen=True)
class MemoryAt:
    """Memory of the server some seconds after the load started."""

    seconds: float
    memory: Memory


def with_own_machines(asked: Sequence[Asked], made: Sequence[OwnRun]) -> list[Asked]:
    """What was asked, and the runs of simulated readers' machines, each as long as one of ``made``.

    Adds those together with the server's runs, and what browsers needed to get ready; nothing if no reader
    trained. Raises ValueError if readers trained and no browser did.
    """
    ready = [each.seconds for each in asked if each.kind == READY]
    if not ready:
        return list(asked)
    if not made:
        raise ValueError("no browser trained")
    here = [
        Asked(f"{ON_READERS}{part}", seconds + took, phase=True)
        for number, seconds in enumerate(ready)
        for run in (made[number % len(made)],)
        for part, took in ((FIRST_ROW, run.first_row), ("", run.whole))
    ]
    server = (each for each in asked if each.kind.startswith(ON_SERVER))
    both = [
        replace(each, kind=OWN_SEED + each.kind.removeprefix(where), phase=True)
        for where, runs in ((ON_SERVER, server), (ON_READERS, here))
        for each in runs
    ]
    browsers = [Asked(f"{READY}, in Chromium", run.ready, phase=True) for run in made]
    return [*asked, *here, *both, *browsers]


def times_table(asked: Iterable[Asked]) -> str:
    """Percentiles of the times of each kind and the number of errors, as a Markdown table."""
    kinds: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        kinds[each.kind].append(each)
        if not each.phase:
            kinds[ALL].append(each)
    lines = [
        "| kind | number | p50 | p95 | p99 | longest | errors |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in sorted(kinds, key=lambda kind: (kind == ALL, kind)):
        answered = [each.seconds for each in kinds[kind] if each.error is None]
        shares = [percentile(answered, share) for share in (50, 95, 99, 100)] if answered else []
        errors = sum(each.error is not None for each in kinds[kind])
        cells = [_duration(share) for share in shares] or ["–"] * 4
        lines.append(f"| {' | '.join([kind, str(len(kinds[kind])), *cells, str(errors)])} |")
    return "\n".join(lines)


def queue_line(queued: Sequence[Queued]) -> str:
    """The length of the queue, in a sentence."""
    if not queued:
        return "No run had to queue."
    longest = max(each.place for each in queued)
    return f"{len(queued)} runs queued, at place {longest} at most. Places only fell."


def memory_table(samples: Sequence[MemoryAt], lines: int = 12) -> str:
    """A Markdown table of Pss in MB at a few moments of the load, with the growth since the first."""
    step = max(1, -(-len(samples) // lines))
    chosen = [*samples[:-1:step], samples[-1]]
    first = samples[0].memory.all_pss
    rows = [
        f"| {each.seconds:.0f} s | {each.memory.pss:.0f} | {each.memory.children_pss:.0f} "
        f"({each.memory.children}) | {each.memory.all_pss:.0f} | {each.memory.all_pss - first:+.0f} |"
        for each in chosen
    ]
    peak = max(each.memory.all_pss for each in samples)
    return "\n".join(
        [
            "| after | server, MB | child processes, MB (how many) | together | growth |",
            "|---|---|---|---|---|",
            *rows,
            f"\nPeak: {peak:.0f} MB together.",
        ]
    )


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
