"""A Locust file: light requests at a steady rate. Prints the milliseconds of each as JSON."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any

import gevent
from locust import FastHttpUser, constant_throughput, events, task

PATHS = json.loads(os.environ["BENCH_PATHS"])
"""requested in turn by all users, in a cycle"""

RATE = int(os.environ["BENCH_RATE"])
"""requests a second, and number of users, each of whom makes one a second"""

users, asked = count(), count()
took: list[float] = []
failed: list[str] = []


class Reader(FastHttpUser):
    """Makes a request at the same time of each second, however long the last one took."""

    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        """Connect, and wait for this user's turn within the second."""
        self.client.get("/healthz", name="first")
        gevent.sleep(next(users) / RATE)

    @task
    def ask(self) -> None:
        """Request the next path."""
        self.client.get(PATHS[next(asked) % len(PATHS)], name="light")


@events.request.add_listener  # type: ignore[untyped-decorator]
def note(name: str, response_time: float, exception: object, **_: Any) -> None:
    """Record the time or the error of a request."""
    if name == "light":
        took.append(response_time)
    if exception:
        failed.append(str(exception))


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def tell(**_: Any) -> None:
    """Print the result."""
    print(json.dumps({"took": took, "failed": failed}), flush=True)
