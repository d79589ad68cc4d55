"""What one student does, as a Locust file. ``locust`` runs it in its own process, patched by gevent, so it
imports nothing from ``app``.

A student opens a section with all its files, as a browser without a cache does, drags its sliders, opens the
section on PPO and streams a run to its end: half of them the default one, half one with a seed of their own.
These, if their machines can train, ask first how long they would wait, and rather than wait long they load
what training takes; the training itself is not simulated.

Which requests a slider makes is read from the server's OpenAPI document.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import time
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gevent
import requests
from gevent.event import Event
from locust import HttpUser, events, task
from locust.env import Environment
from locust.exception import StopUser

from tools.lecture_hall.events import BadStream, RunWatch, events_of
from tools.lecture_hall.page_rule import HERE_S, OFFER_S
from tools.lecture_hall.report import FIRST_ROW, ON_SERVER, READY, Asked, Lecture, Queued

STUDENTS = int(os.environ.get("LECTURE_HALL_STUDENTS", "1"))
ITERATIONS = os.environ.get("LECTURE_HALL_ITERATIONS", "")
"""iterations of each run; empty for the default"""
PAUSES = float(os.environ.get("LECTURE_HALL_PAUSES", "1"))
"""factor on all pauses"""
OWN_MACHINES = os.environ.get("LECTURE_HALL_OWN_MACHINES") == "1"
"""whether readers' machines can train"""
NOTES = Path(os.environ.get("LECTURE_HALL_NOTES", "lecture.json"))
FIRST_SEED = int(os.environ.get("LECTURE_HALL_FIRST_SEED", "100000"))

SECTIONS = (
    ("reward-modeling", "reward_separation"),
    ("dpo-loss", "dpo_loss"),
    ("beta", "beta_effect"),
)
PPO = ("ppo-problem", "ppo_dynamics")
CONTROLS = 2
"""sliders that a student drags"""
POSITIONS = 8
"""where a drag pauses long enough for the page to request a result"""
RESTS_S = (0.1, 0.4)
READS_S = (1.0, 5.0)
ANSWER_S = 120
SILENCE_S = 600
"""timeout of a stream, which sends at least pings"""

_numbers = itertools.count()
_asked: list[Asked] = []
_queued: list[Queued] = []
_left = 0
_finished = 0
_all_left = Event()

AGAIN = "asked again, for the server had closed the kept connection"


class Refused(RuntimeError):
    """A request failed; it is recorded, and its student gives up."""


class Student(HttpUser):
    """A reader with a browser."""

    def on_start(self) -> None:
        """Take a place."""
        self.number = next(_numbers)
        self.chance = random.Random(FIRST_SEED + self.number)

    @task
    def attend(self) -> None:
        """Visit, and stay until all students have finished: Locust would replace those who leave."""
        global _left, _finished
        start = time.perf_counter()
        try:
            self.visit()
            _finished += 1
        except Refused:
            pass
        except Exception as failure:
            took = time.perf_counter() - start
            note("student who gave up", took, f"{type(failure).__name__}: {failure}", phase=True)
        _left += 1
        if _left == STUDENTS:
            _all_left.set()
        _all_left.wait()
        raise StopUser

    def visit(self) -> None:
        """Everything that a student does."""
        slug, widget = SECTIONS[self.number % len(SECTIONS)]
        page = self.open(slug, widget)
        self.pause(READS_S)
        self.drag(widget, page)
        page = self.open(*PPO)
        self.pause(READS_S)
        self.run_ppo(page)

    def open(self, slug: str, widget: str) -> str:
        """Load a section page, the files that it names, and that of its widget."""
        page = self.ask("section page", f"/sections/{slug}").text
        files = set(re.findall(r'(?:href|src)="([^"]*/static/[^"?#]+\.(?:css|js|woff2))"', page))
        base = next(file.removesuffix("widget.js") for file in files if file.endswith("/widget.js"))
        if re.search(rf'<dpo-widget name="{widget}"[^>]* data-script', page):
            files.add(base + f"widgets/{widget}.js")
        for file in sorted(files):
            self.ask("static file", file)
        return str(page)

    def drag(self, widget: str, page: str) -> None:
        """Move some sliders with the requests that a page makes: the range first, if there is one."""
        address = f"/api/v1/{widget}"
        on_page = set(re.findall(r'data-range-for="(\w+)"', page))
        ranges = numbers_of(str(self.host), address)
        sliders = {name: ranges[name] for name in on_page & set(ranges) - {"label_smoothing"}}
        state: dict[str, str] = {}
        for name in self.chance.sample(sorted(sliders), min(CONTROLS, len(sliders))):
            low, high = sliders[name]
            ranged = self.fetch_range(address, name, state)
            for position in range(POSITIONS):
                self.pause(RESTS_S)
                value = low + (high - low) * (position + self.chance.random()) / POSITIONS
                state[name] = f"{min(max(value, low), high):.2g}"
                if not ranged:
                    self.ask("slider moved", f"{address}?{urlencode(state)}")

    def fetch_range(self, address: str, along: str, state: dict[str, str]) -> bool:
        """Request the range of a slider. Returns whether it has one."""
        if along not in ranges_of(str(self.host), address):
            return False
        others = {name: value for name, value in state.items() if name != along}
        query = urlencode({**others, "along": along})
        response = self.ask("range of a slider", f"{address}/range?{query}")
        return bool(response.json()["values"])

    def run_ppo(self, page: str) -> None:
        """Stream a run to its end, or get ready to train."""
        own = self.number % 2 == 1
        query = {"seed": str(FIRST_SEED + self.number)} if own else {}
        if ITERATIONS:
            query["iterations"] = ITERATIONS
        kind = ON_SERVER if own else "PPO run, the default one"
        watch, start = RunWatch(), time.perf_counter()
        if own and OWN_MACHINES and self.wait_s(query) > HERE_S:
            self.load_own_machine(page)
            note(READY, time.perf_counter() - start, phase=True)
            return
        error = None
        try:
            self.follow("/api/v1/ppo_dynamics/stream", query, watch, start)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        note(kind, time.perf_counter() - start, error)
        if watch.first_row is not None:
            note(f"{kind}{FIRST_ROW}", watch.first_row, phase=True)
            if watch.places:
                _queued.append(Queued(watch.places[0], watch.first_row))

    def wait_s(self, query: dict[str, str]) -> float:
        """Ask for a run that may not be there. Returns the seconds until the server would begin it."""
        path = f"/widgets/{PPO[1]}/answer?{urlencode(query)}"
        response = self.ask("run asked for", path, HTTPStatus.ACCEPTED, prefer="respond-async")
        return float(response.json()["wait_s"])

    def load_own_machine(self, page: str) -> None:
        """Load what training takes, while the reader is offered to wait for the server."""
        offered = time.perf_counter()
        worker, lab = re.findall(rf'data-worker="([^"]*/{PPO[1]}\.js)" data-lab="([^"]+)"', page)[0]
        base = worker.removesuffix(f"built/workers/{PPO[1]}.js")
        script = self.ask("static file", f"{base}own_run.js").text
        modules = re.findall(r'from ?"\./(\w+\.js)"', script)
        self.ask_together([("static file", base + module) for module in modules])
        self.ask_together([("static file", worker), ("lab", lab)])
        gevent.sleep(max(0.0, offered + OFFER_S - time.perf_counter()))

    def follow(self, path: str, query: dict[str, str], watch: RunWatch, start: float) -> None:
        """Read a stream into ``watch``. Raises BadStream if it is not as it should be."""
        with self.get(
            f"{path}?{urlencode(query)}",
            headers={"Accept": "text/event-stream"},
            stream=True,
            timeout=(ANSWER_S, SILENCE_S),
        ) as response:
            if response.status_code != requests.codes.ok:
                raise BadStream(f"status {response.status_code} {response.error or ''}")
            for event in events_of(response.iter_lines(None)):
                watch.take(event, time.perf_counter() - start)
        if watch.done is None:
            raise BadStream(f"ended after {watch.rows} rows")

    def ask(self, kind: str, path: str, status: int = HTTPStatus.OK, **headers: str) -> Any:
        """Make a request that needs no run. Raises Refused if it has another status."""
        start = time.perf_counter()
        with self.get(path, headers=headers, timeout=ANSWER_S) as response:
            error = None
            if response.status_code != status:
                error = f"status {response.status_code} {response.error or ''} for {path}"
        note(kind, time.perf_counter() - start, error)
        if error is not None:
            raise Refused(error)
        return response

    def ask_together(self, wanted: list[tuple[str, str]]) -> None:
        """Make requests, each a kind and a path, at the same time. Raises Refused if one fails."""
        gevent.joinall([gevent.spawn(self.ask, *each) for each in wanted], raise_error=True)

    def get(self, path: str, **how: Any) -> Any:
        """Send a request; again, as browsers do, if the server closed the connection just then."""
        start = time.perf_counter()
        response = self.client.get(path, catch_response=True, name="all", **how)
        if "Connection aborted" not in str(response.error):
            return response
        note(AGAIN, time.perf_counter() - start, phase=True)
        return self.client.get(path, catch_response=True, name="all", **how)

    def pause(self, seconds: tuple[float, float]) -> None:
        """Do nothing for a while."""
        gevent.sleep(PAUSES * self.chance.uniform(*seconds))


def note(kind: str, seconds: float, error: str | None = None, *, phase: bool = False) -> None:
    """Record a request."""
    _asked.append(Asked(kind, seconds, error, phase))


@cache
def paths(host: str) -> dict[str, Any]:
    """The routes in the server's OpenAPI document."""
    listed: dict[str, Any] = requests.get(f"{host}/openapi.json", timeout=ANSWER_S).json()["paths"]
    return listed


def ranges_of(host: str, path: str) -> set[str]:
    """The parameters along which a route has ranges, if any."""
    route = paths(host).get(f"{path}/range")
    if route is None:
        return set()
    schemas = {each["name"]: each["schema"] for each in route["get"]["parameters"]}
    return set(schemas["along"].get("enum", [schemas["along"].get("const")]))


def numbers_of(host: str, path: str) -> dict[str, tuple[float, float]]:
    """The real-valued parameters of a route, each with its bounds."""
    schemas = {each["name"]: each["schema"] for each in paths(host)[path]["get"]["parameters"]}
    return {
        name: (schema["minimum"], schema["maximum"])
        for name, schema in schemas.items()
        if schema.get("type") == "number"
    }


@events.init.add_listener  # type: ignore[untyped-decorator]
def end_with_the_last(environment: Environment, **_: object) -> None:
    """Quit when all have left; not from a student's task, which would wait for itself to end."""

    def end() -> None:
        _all_left.wait()
        if environment.runner is not None:
            environment.runner.quit()

    gevent.spawn(end)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def save(environment: Environment, **_: object) -> None:
    """Save what was recorded for the process that started this one, which judges it."""
    environment.process_exit_code = 0
    Lecture(_finished, _asked, _queued).save(NOTES)
