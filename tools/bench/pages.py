"""Rows of the pages: what they weigh, and what a reader with a slow machine sees when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
from playwright.sync_api import Browser

from app.resources import STATIC
from app.sections import SECTIONS
from tools.bench.bare_pages import bare_pages
from tools.bench.browser import (
    CPU_SLOWDOWN,
    DOWN_MBIT,
    ROUND_TRIP_MS,
    Seen,
    chromium,
    visit,
    weight,
)
from tools.bench.samples import Samples
from tools.bench.serving import Served, fetch, served
from tools.bench.table import Row, Subject, Target

RUNS = 3


@dataclass(frozen=True)
class Opened:
    """A section, opened at its widget, and the slider that is moved there."""

    section: str
    widget: str
    control: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"/sections/{self.section}#{self.widget}-title"

    @property
    def slider(self) -> str:
        """Selector of the slider."""
        return f'dpo-widget[name="{self.widget}"] [data-range-for="{self.control}"]'


OPENED = (
    Opened("reward-modeling", "reward_separation", "reward_chosen"),
    Opened("beta", "beta_effect", "beta"),
)
PARTS: tuple[tuple[str, Callable[[Seen], float], str, float], ...] = (
    ("first number", lambda seen: seen.number, "the number of a page without script or style", 1.5),
    (
        "first chart, as the server has drawn it",
        lambda seen: seen.chart,
        "a line in an SVG on a page without script or style",
        4,
    ),
    (
        "first chart that answers, drawn by Plotly",
        lambda seen: seen.interactive,
        "a page with nothing but Plotly and the same figure",
        4,
    ),
    (
        "first response to a slider that is pulled as soon as the chart answers",
        lambda seen: seen.response,
        "a page whose slider asks the server for one character",
        1,
    ),
)
TIMES = {
    opened: tuple(
        Subject(f"{opened.section}: {what}", "s", floor, (Target(limit),))
        for what, _, floor, limit in PARTS
    )
    for opened in OPENED
}
LIGHT = Subject(
    "weight of the heaviest section page, before a chart comes near",
    "KB",
    "a page without script or style",
    (Target(100),),
)
WITH_PLOTLY = Subject(
    "weight of the reward-modeling page with its chart and Plotly",
    "KB",
    "a page with nothing but Plotly and the same figure",
    (Target(450),),
)
SUBJECTS = (*(each for subjects in TIMES.values() for each in subjects), LIGHT, WITH_PLOTLY)
SLOWED = f"processor {CPU_SLOWDOWN} times slower, {DOWN_MBIT} Mbit/s, {ROUND_TRIP_MS} ms"


def rows() -> Iterator[Row]:
    """Measure all of them. The server has been asked for each page once before."""
    with served() as server, chromium() as browser:
        for opened in OPENED:
            fetch(server.address + opened.path)
            answer = httpx.get(f"{server.address}/api/v1/{opened.widget}").raise_for_status()
            figure = json.dumps(answer.json()["figure"])
            with bare_pages(STATIC / "vendor" / "plotly-basic.min.js", figure) as bare:
                yield from times(browser, server, opened, bare)
                if opened is OPENED[0]:
                    yield from weights(browser, server, opened, bare)


def times(browser: Browser, server: Served, opened: Opened, bare: str) -> Iterator[Row]:
    """What is seen when, of a section and of the bare pages in turn; a cold cache each time."""
    seen, floors, drawn = [], [], []
    for _ in range(RUNS):
        seen.append(visit(browser, server.address + opened.path, opened.slider))
        floors.append(visit(browser, f"{bare}/plotly", "input"))
        drawn.append(visit(browser, f"{bare}/", None))
    for subject, (what, part, _, _) in zip(TIMES[opened], PARTS, strict=True):
        floor = drawn if "SVG" in subject.floor or "number" in what else floors
        yield Row(subject, _seconds(seen, part), _seconds(floor, part), SLOWED)


def weights(browser: Browser, server: Served, opened: Opened, bare: str) -> Iterator[Row]:
    """What goes over the wire, on the first visit."""
    pages = [f"{server.address}/sections/{section.slug}" for section in SECTIONS]
    for page in pages:
        fetch(page)
    heaviest = max(weight(browser, page) for page in pages)
    yield Row(LIGHT, _kilobytes(heaviest), _kilobytes(weight(browser, f"{bare}/")))
    address, chart = server.address + opened.path.partition("#")[0], ".chart"
    found = weight(browser, address, f'dpo-widget[name="{opened.widget}"] {chart}')
    yield Row(
        WITH_PLOTLY, _kilobytes(found), _kilobytes(weight(browser, f"{bare}/plotly", "#chart"))
    )


def _seconds(seen: list[Seen], part: Callable[[Seen], float]) -> Samples:
    return Samples(tuple(part(each) / 1000 for each in seen))


def _kilobytes(size: float) -> Samples:
    return Samples((size / 1000,))
