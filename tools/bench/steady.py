"""Light requests at a steady rate: a Locust file. It prints how long each took, in milliseconds, as JSON."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any

import gevent
from locust import FastHttpUser, constant_throughput, events, task

PATHS = json.loads(os.environ["BENCH_PATHS"])
"""asked in turn by all users, from the first again after the last"""

RATE = int(os.environ["BENCH_RATE"])
"""requests a second, and users, each of whom asks once a second"""

users, asked = count(), count()
took: list[float] = []
failed: list[str] = []


class Reader(FastHttpUser):
    """Asks at the same time of each second, however long the last answer took."""

    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        """Connect, and begin when it is this one's turn."""
        self.client.get("/healthz", name="first")
        gevent.sleep(next(users) / RATE)

    @task
    def ask(self) -> None:
        """The next."""
        self.client.get(PATHS[next(asked) % len(PATHS)], name="light")


@events.request.add_listener  # type: ignore[untyped-decorator]
def note(name: str, response_time: float, exception: object, **_: Any) -> None:
    """Keep what is wanted of a request."""
    if name == "light":
        took.append(response_time)
    if exception:
        failed.append(str(exception))


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def tell(**_: Any) -> None:
    """At the end."""
    print(json.dumps({"took": took, "failed": failed}), flush=True)
