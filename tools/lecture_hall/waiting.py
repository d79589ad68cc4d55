"""``make lecture-hall``, second part: readers wait for pages and results that need a run of their own.

Meanwhile others request what needs no run; then all who wait hang up. Fails on unexpected errors, if the
others wait too long, or if the queue does not empty.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import signal
import time
from collections.abc import Callable

import httpx

from tools.bench.machine import header
from tools.bench.serving import SERVE, served
from tools.lecture_hall.__main__ import allow_open_files
from tools.lecture_hall.report import Asked, times_table

OWN_RUNS = ("/widgets/ppo_dynamics", "/api/v1/ppo_dynamics", "/sections/ppo-problem")
"""routes that the waiting readers request, each with a seed of their own"""

LIGHT: dict[str, tuple[Callable[[int], str], float]] = {
    "/healthz": (lambda _: "/healthz", 0.1),
    "light endpoint, never requested before": (
        lambda n: f"/api/v1/dpo_loss?beta={0.1 + n / 1e5:g}",
        0.3,
    ),
    "page without a run, never requested before": (
        lambda n: f"/sections/beta?beta={0.1 + n / 1e5:g}",
        0.3,
    ),
}
"""what is requested meanwhile, and the seconds within which 99 of 100 responses have to arrive"""

EVERY_S = 0.2
"""between two requests of a kind"""

EMPTY_WITHIN_S = 1.0
SHARE = 99
ANSWER_S = 120


class Hall:
    """A server and its waiting readers."""

    def __init__(self, client: httpx.AsyncClient, readers: int) -> None:
        self.client = client
        self.readers = readers
        self.asked: list[Asked] = []
        self.refused = 0
        self._seeds = itertools.count(1)

    async def wait(self, route: str) -> None:
        """Request one run after the other."""
        while True:
            answer = await self.client.get(route, params={"seed": next(self._seeds)}, timeout=None)
            if answer.status_code == httpx.codes.OK:
                continue
            if "retry-after" not in answer.headers:
                self.asked.append(Asked(route, 0, f"status {answer.status_code}"))
            self.refused += 1
            await asyncio.sleep(1)

    async def ask(self, kind: str, seconds: float) -> None:
        """Request what needs no run, at a steady rate, however long the responses take."""
        path, _ = LIGHT[kind]
        async with asyncio.TaskGroup() as tasks:
            for n in range(round(seconds / EVERY_S)):
                tasks.create_task(self._one(kind, path(n)))
                await asyncio.sleep(EVERY_S)

    async def _one(self, kind: str, path: str) -> None:
        start = time.perf_counter()
        answer = await self.client.get(path)
        error = None if answer.status_code == httpx.codes.OK else f"status {answer.status_code}"
        self.asked.append(Asked(kind, time.perf_counter() - start, error))

    async def queue(self) -> int:
        """The number of runs that are queued or being computed, from /readyz."""
        ready = (await self.client.get("/readyz")).raise_for_status().json()
        return int(ready["runs_waiting"]) + int(ready["runs_going"])

    async def filled(self, count: int) -> None:
        """Wait until this many runs are queued or being computed."""
        async with asyncio.timeout(ANSWER_S):
            while await self.queue() < count:
                await asyncio.sleep(EVERY_S)

    async def emptied(self) -> float:
        """Wait until the queue is empty. Returns the seconds that took."""
        start = time.perf_counter()
        async with asyncio.timeout(ANSWER_S):
            while (await self.client.get("/readyz")).json()["runs_waiting"]:
                await asyncio.sleep(0.01)
        return time.perf_counter() - start

    async def lecture(self, seconds: float) -> list[str]:
        """Run the whole scenario. Returns descriptions of what failed."""
        waiting = [
            asyncio.create_task(self.wait(OWN_RUNS[n % len(OWN_RUNS)])) for n in range(self.readers)
        ]
        await self.filled(self.readers)
        async with asyncio.TaskGroup() as tasks:
            for kind in LIGHT:
                tasks.create_task(self.ask(kind, seconds))
        await self.filled(self.readers)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        took = await self.emptied()
        print(f"The queue was empty {took:.2f} s after {self.readers} readers had hung up.\n")
        missed = [f"the queue took {took:.2f} s"] if took > EMPTY_WITHIN_S else []
        return [*missed, *(f"{each.kind}: {each.error}" for each in self.asked if each.error)]


def late(asked: list[Asked]) -> list[str]:
    """The kinds of request of which too many took too long."""
    missed = []
    for kind, (_, most) in LIGHT.items():
        times = sorted(each.seconds for each in asked if each.kind == kind)
        within = sum(seconds <= most for seconds in times)
        if 100 * within < SHARE * len(times):
            missed.append(
                f"{kind}: {len(times) - within} of {len(times)} took more than {most:g} s"
            )
    return missed


async def hold(address: str, readers: int, seconds: float) -> list[str]:
    """Fill the hall, empty it, and print a report."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=ANSWER_S) as client:
        hall = Hall(client, readers)
        missed = await hall.lecture(seconds)
    print(times_table(hall.asked), f"{hall.refused} requests were told to retry later.", sep="\n\n")
    return [*missed, *late(hall.asked)]


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 if anything failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.lecture_hall.waiting", description=__doc__
    )
    # As many runs as one address may have.
    parser.add_argument("--readers", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=60, help="time for which they wait")
    given = parser.parse_args(arguments)
    print(f"{header()} before the start; {given.readers} readers wait for runs of their own.\n")
    allow_open_files()
    with served(SERVE, DPO_EXPLAINED_WARM="0") as server:
        missed = asyncio.run(hold(server.address, given.readers, given.seconds))
    if missed:
        raise SystemExit("; ".join(missed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
