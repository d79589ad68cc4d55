"""Ask a server over kept connections: as fast as it answers, or at a steady rate.

Runs as a process of its own, so that it takes no time from what it measures: reads jobs from
standard input, a JSON object a line, and answers each with a line. Imports nothing that is slow to start.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

CRLF = b"\r\n"
OK = 200


@dataclass(frozen=True)
class Job:
    """What to ask."""

    port: int
    paths: list[str]
    """asked in this order; from the first again unless ``once``"""
    seconds: float
    connections: int = 16
    accept_encoding: str = "identity"
    once: bool = False
    rate: float | None = None
    """requests a second; without it each connection asks as soon as it has its answer"""


@dataclass
class Answers:
    """What came back."""

    requests: int = 0
    failures: int = 0
    """answers with another status than 200"""
    seconds: float = 0.0
    """from the first request to the last answer"""
    cpu_seconds: float = 0.0
    """that this process took for it"""
    latencies_ms: list[float] = field(default_factory=list)
    """at a steady rate alone: from when a request was due, so that one that waits for a connection counts"""


@dataclass(frozen=True)
class Head:
    """What a client has to know of the head of an answer."""

    status: int
    length: int
    chunked: bool


def parse_head(text: bytes) -> Head:
    """Status line and headers, up to the empty line. Raises ValueError for what is no HTTP/1.1."""
    status_line, *lines = text.rstrip(CRLF).split(CRLF)
    version, status, *_ = status_line.split(b" ", 2)
    if version != b"HTTP/1.1":
        raise ValueError(f"not HTTP/1.1: {status_line!r}")
    headers = dict(line.lower().split(b":", 1) for line in lines)
    chunked = b"chunked" in headers.get(b"transfer-encoding", b"")
    return Head(int(status), int(headers.get(b"content-length", b"0")), chunked)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer; the body as it was sent, compressed or not."""
    head = parse_head(await reader.readuntil(CRLF + CRLF))
    if not head.chunked:
        return head.status, await reader.readexactly(head.length)
    body = b""
    while size := int((await reader.readuntil(CRLF)).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(CRLF)
    return head.status, body


class Connection:
    """A kept connection to a server on this machine."""

    def __init__(
        self, job: Job, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._rest = (
            f" HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nAccept: application/json\r\n"
            f"Accept-Encoding: {job.accept_encoding}\r\n\r\n"
        )
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, job: Job) -> Connection:
        """Connect."""
        return cls(job, *await asyncio.open_connection("127.0.0.1", job.port))

    async def ask(self, path: str) -> int:
        """Send a request and read its answer. Returns the status."""
        self._writer.write(f"GET {path}{self._rest}".encode())
        return (await read_answer(self._reader))[0]

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def answer(job: Job) -> Answers:
    """Do a job."""
    connections = [await Connection.open(job) for _ in range(job.connections)]
    answers = Answers()
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        if job.rate is None:
            await _as_fast_as_answered(job, connections, answers)
        else:
            await _at_a_rate(job, job.rate, connections, answers)
    finally:
        for connection in connections:
            connection.close()
    answers.seconds = time.perf_counter() - start
    answers.cpu_seconds = time.process_time() - cpu_start
    return answers


async def _as_fast_as_answered(
    job: Job, connections: Sequence[Connection], answers: Answers
) -> None:
    until = time.perf_counter() + job.seconds
    asked = 0

    async def keep_asking(connection: Connection) -> None:
        nonlocal asked
        while time.perf_counter() < until and not (job.once and asked >= len(job.paths)):
            path = job.paths[asked % len(job.paths)]
            asked += 1
            answers.failures += await connection.ask(path) != OK
            answers.requests += 1

    await asyncio.gather(*map(keep_asking, connections))


async def _at_a_rate(
    job: Job, rate: float, connections: Sequence[Connection], answers: Answers
) -> None:
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    start = time.perf_counter()

    async def ask(number: int, due: float) -> None:
        connection = await free.get()
        answers.failures += await connection.ask(job.paths[number % len(job.paths)]) != OK
        answers.latencies_ms.append(1000 * (time.perf_counter() - due))
        answers.requests += 1
        free.put_nowait(connection)

    tasks = []
    for number in range(int(rate * job.seconds)):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(number, due)))
    await asyncio.gather(*tasks)


def main() -> None:
    """Answer one line after the other until there are no more."""
    for line in sys.stdin:
        answers = asyncio.run(answer(Job(**json.loads(line))))
        print(json.dumps(asdict(answers)), flush=True)


if __name__ == "__main__":
    main()
