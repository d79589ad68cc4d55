"""Processes that make runs, each one run at a time, started when they are first needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import asdict
from typing import Protocol

from app.runs.failures import RunFailed, RunLost
from app.runs.job import Event, Job
from app.runs.worker import LAST

LONGEST_LINE = 1 << 26
"""bytes of one event"""


class Executor(Protocol):
    """Makes the events of jobs somewhere."""

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes of this machine that make runs."""

    def make(self, job: Job) -> AsyncIterator[Event]:
        """All events of a job. Raises ``RunLost`` or ``RunFailed``."""

    async def close(self) -> None:
        """End what was started."""


class ProcessExecutor:
    """On this machine: as many as there are runs at a time."""

    def __init__(self) -> None:
        self._idle: list[Process] = []
        self._all: set[Process] = set()

    @property
    def pids(self) -> list[int]:
        """Of the processes that run now."""
        return [process.pid for process in self._all if process.returncode is None]

    async def make(self, job: Job) -> AsyncGenerator[Event, None]:
        """The events of a job. One that is left before its end is ended with its process."""
        process = self._idle.pop() if self._idle else await self._start()
        ended = False
        try:
            await _send(process, json.dumps(asdict(job)))
            while (event := await _read(process)).name not in LAST:
                yield event
            ended = True
            if event.name == "failed":
                raise RunFailed.read(event.data)
        finally:
            if ended:
                self._idle.append(process)
            else:
                _kill(process)

    async def close(self) -> None:
        """End all processes."""
        for process in self._all:
            _kill(process)
        await asyncio.gather(*(process.wait() for process in self._all))

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.runs.worker", stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
        )
        self._all = {other for other in self._all if other.returncode is None} | {process}
        return process


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _send(process: Process, line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(f"{line}\n".encode())
        await process.stdin.drain()
    except ConnectionError as error:
        raise RunLost("the process does not listen") from error


async def _read(process: Process) -> Event:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    if not line.endswith("\n"):
        await process.wait()
        raise RunLost(f"the process ended with {process.returncode}")
    return Event(*line.rstrip("\n").split("\t", 1))
