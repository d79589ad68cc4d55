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
from app.runs.worker import LAST, STOP

LONGEST_LINE = 1 << 26
"""bytes of one event"""

STOPS_WITHIN = 1.0
"""seconds that a process is given to stop a run before it is killed"""


class Maker(Protocol):
    """Makes the events of jobs somewhere."""

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes of this machine that make runs."""

    def make(self, job: Job) -> AsyncIterator[Event]:
        """All events of a job. Raises ``RunLost`` or ``RunFailed``."""

    async def close(self) -> None:
        """End what was started."""


class Processes:
    """So many processes on this machine."""

    def __init__(self, count: int) -> None:
        self._room = asyncio.Semaphore(count)
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._latest: dict[Process, Job] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def pids(self) -> list[int]:
        """Of the processes that run now."""
        return [process.pid for process in self._all]

    async def make(self, job: Job) -> AsyncGenerator[Event, None]:
        """The events of a job, once a process is idle."""
        await self._room.acquire()
        process, going = self._take(job), True
        try:
            if process is None:
                process = await self._start()
            self._latest[process] = job
            await _send(process, json.dumps(asdict(job)))
            while (event := await _read(process)).name not in LAST:
                yield event
            going = False
            if event.name == "failed":
                raise RunFailed.read(event.data)
        finally:
            task = asyncio.create_task(self._leave(process, going))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """End all processes."""
        for process in self._all:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._all), *self._leaving)

    def _take(self, job: Job) -> Process | None:
        """An idle process, if there is one: that which had this job last and can go on with it."""
        for process in self._idle:
            if self._latest.get(process) == job:
                self._idle.remove(process)
                return process
        return self._idle.pop() if self._idle else None

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.runs.worker", stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
        )
        self._all.add(process)
        return process

    async def _leave(self, process: Process | None, going: bool) -> None:
        """Let a process stop what it was at, then take it for the next run."""
        if process is not None and going:
            try:
                async with asyncio.timeout(STOPS_WITHIN):
                    await _send(process, STOP)
                    while (await _read(process)).name not in LAST:
                        pass
            except (TimeoutError, RunLost):
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process is not None and process.returncode is None:
            self._idle.append(process)
        elif process is not None:
            self._all.discard(process)
            self._latest.pop(process, None)
        self._room.release()


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
