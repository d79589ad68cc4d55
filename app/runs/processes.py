"""Executor of jobs in worker processes on this machine."""

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
from app.runs.worker import FINAL_LINES

MAX_LINE_BYTES = 1 << 26
"""most bytes of one event"""


class Executor(Protocol):
    """Executes jobs: here, or on other machines."""

    @property
    def pids(self) -> Sequence[int]:
        """Worker processes on this machine."""

    def run(self, job: Job) -> AsyncIterator[Event]:
        """Run a job and yield its events. Raises ``RunLost`` or ``RunFailed``."""

    async def close(self) -> None:
        """Stop all workers."""


class ProcessExecutor:
    """A pool of worker processes, which grows to the number of concurrent runs."""

    def __init__(self) -> None:
        self._idle: list[Process] = []
        self._all: set[Process] = set()

    @property
    def pids(self) -> list[int]:
        """See ``Executor``."""
        return [process.pid for process in self._all if process.returncode is None]

    async def run(self, job: Job) -> AsyncGenerator[Event, None]:
        """See ``Executor``. Abandoning a job kills its process."""
        process = self._take_idle() or await self._start()
        ended = False
        try:
            await _send(process, json.dumps(asdict(job)))
            while (event := await _read(process)).name not in FINAL_LINES:
                yield event
            ended = True
            if event.name == "failed":
                raise RunFailed.from_json(event.data)
        finally:
            if ended:
                self._idle.append(process)
            else:
                _kill(process)

    async def close(self) -> None:
        """See ``Executor``."""
        for process in self._all:
            _kill(process)
        await asyncio.gather(*(process.wait() for process in self._all))

    def _take_idle(self) -> Process | None:
        while self._idle:
            process = self._idle.pop()
            # Somebody may have killed it while it was idle.
            if process.returncode is None and process.stdin and not process.stdin.is_closing():
                return process
        return None

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.runs.worker", stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES
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
        raise RunLost("the worker process closed its input") from error


async def _read(process: Process) -> Event:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    if not line.endswith("\n"):
        await process.wait()
        raise RunLost(f"the worker process exited with {process.returncode}")
    return Event(*line.rstrip("\n").split("\t", 1))
