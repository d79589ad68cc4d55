"""Rows of the browser: time to content on a slow machine, page weight, drags of handles."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Locator, Page, sync_playwright

from app.content.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.conftest import CHROMIUM_FLAGS
from tools.bench.samples import percentile
from tools.bench.serving import fetch, served
from tools.bench.table import Row

BARE = ("-m", "uvicorn", "tools.bench.bare_pages:create", "--factory", "--port", "0")

RUNS = 3
PATIENCE_MS = 90_000
CPU_SLOWDOWN, ROUND_TRIP_MS, DOWN_MBIT, UP_MBIT = 4, 150, 1.6, 0.75
FAR_MS = 100
"""round trip to the server in the rows of drags, in milliseconds"""
MOVES = 60
FRAME_MS = 16

OPENED = {
    "reward-modeling": ("reward_separation", "reward_chosen"),
    "beta": ("beta_effect", "beta"),
}
"""sections to open, each with its figure and the handle to move"""

SEEN = {
    "number": ("first number", "the number of a page without script or style", 1.5),
    "drawing": ("first drawing", "a line in an SVG on a page without script or style", 1.5),
    "ready": ("first figure that can be moved", "a page with a line that a slider moves", 2.2),
    "response": (
        "first change of the drawing by an arrow key, pressed as soon as it can be moved",
        "a page with a line that a slider moves",
        1,
    ),
}
"""each with what it measures, its floor, and its target in seconds"""

# When a number, a drawing, and a figure that can be moved are first painted in the viewport; in a drag, the
# time from each pointer event to the end of what it changes in the drawing, and the times between frames.
WATCH = """(() => {
  const seen = (window.benchSeen = {}), delays = (window.benchDelays = []);
  const frames = (window.benchFrames = []);
  const wanted = {
    number: "[data-readout] b",
    drawing: "[data-stage] svg",
    ready: "[data-ready] [data-stage] svg",
  };
  const visible = (selector) => [...document.querySelectorAll(selector)].some((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  });
  let pointed = 0, before = 0, dragged = false;
  const moves = [];
  const look = (now) => {
    const fresh = Object.keys(wanted).filter((name) => !(name in seen) && visible(wanted[name]));
    for (const name of fresh) seen[name] = Infinity;
    const painted = new MessageChannel();
    painted.port1.onmessage = () => fresh.forEach((name) => { seen[name] = performance.now(); });
    if (fresh.length) painted.port2.postMessage(0);
    if (dragged) frames.push(now - before);
    before = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("pointerdown", () => { dragged = true; }, true);
  addEventListener("pointerup", () => { dragged = false; }, true);
  for (const about of ["pointerdown", "pointermove"]) {
    addEventListener(about, () => { pointed = performance.now(); }, true);
  }
  addEventListener("input", () => { moves.push(pointed || performance.now()); pointed = 0; }, true);
  const element = ({ target }) => (target.nodeType === 1 ? target : target.parentElement);
  new MutationObserver((changes) => {
    if (!changes.some((change) => element(change)?.closest("[data-stage] svg"))) return;
    // A handle of several parameters moves them without an input event.
    if (dragged && pointed && window.benchSeveral) moves.push(pointed);
    pointed = 0;
    for (const at of moves.splice(0)) delays.push(performance.now() - at);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})()"""

# Nothing is visible before the first paint.
TAKEN = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const seen = Object.entries(window.benchSeen).map(([name, at]) => [name, Math.max(at, painted)]);
  return Object.fromEntries([...seen, ["response", window.benchDelays[0] ?? null]]);
}"""

# The points of a drag in the window: from a handle's knob to the end of its way, and back to the start.
WAY = """(widget, [number, moves]) => {
  const { figure } = widget;
  const { left, top } = figure.svg.getBoundingClientRect();
  const handle = figure.scene.handles[number];
  const { track, span = [0, 1], params } = handle;
  const drawing = figure.drawing(), points = track.map((point) => drawing.px(point));
  const { min, max, value } = figure.control(params[0]);
  const at = (share) => {
    const place = Math.min(points.length - 2, Math.floor(share * (points.length - 1)));
    const part = share * (points.length - 1) - place;
    return [0, 1].map((i) => points[place][i] + part * (points[place + 1][i] - points[place][i]));
  };
  const start = (value - min) / (max - min), knob = drawing.knob(handle);
  const shift = [0, 1].map((i) => knob[i] - at(start)[i]);
  return Array.from({ length: moves + 1 }, (_, move) => {
    const way = (2 * move) / moves, [first, last] = span;
    const [x, y] = at(way <= 1 ? start + (last - start) * way : last + (first - last) * (way - 1));
    return [x + shift[0] + left, y + shift[1] + top];
  });
}"""

HANDLES = """({ figure }) => (figure?.scene.handles ?? []).flatMap(({ only, params }, number) =>
  only === "narrow" || !params.every((name) => figure.control(name)) ? [] : [number])"""

FRAMES = """async () => {
  const frame = () => new Promise(requestAnimationFrame), times = [];
  for (let before = await frame(); times.length < 60; ) {
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  return times;
}"""


def rows() -> Iterator[Row]:
    """Measure all rows, each page after one request to warm the server up."""
    with served() as server, served(BARE) as bare, chromium() as browser:
        for widget in WIDGETS:
            yield from drags(browser, server.address, widget)
        for each in SECTIONS:
            fetch(f"{server.address}/sections/{each.slug}")
        for section in OPENED:
            yield from times(browser, server.address, section, bare.address)
        yield from weights(browser, server.address, bare.address)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Raises RuntimeError if it is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("chromium is missing: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextmanager
def _page(
    browser: Browser, width: int = 1280, height: int = 900
) -> Iterator[tuple[Page, CDPSession]]:
    """A page with an empty cache that records its own times, and a CDP session for it."""
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(WATCH)
        yield page, context.new_cdp_session(page)
    finally:
        context.close()


def drags(browser: Browser, address: str, widget: str) -> Iterator[Row]:
    """Each handle of a figure, dragged 100 ms away from the server."""
    page = f"{address}/widgets/{widget}"
    with _page(browser) as (opened, _):
        empty = [percentile(opened.evaluate(FRAMES), 95) for _ in range(RUNS)]
        handles = _answered(opened, page).evaluate(HANDLES)
    for handle in handles:
        inputs, frames = [], []
        for _ in range(RUNS):
            with _page(browser) as (opened, session):
                found = _answered(opened, page)
                _network(session, FAR_MS)
                params = found.evaluate(
                    "(w, i) => w.figure.scene.handles[i].params.join('+')", handle
                )
                drag(opened, found, handle)
                inputs.append(percentile(opened.evaluate("window.benchDelays"), 95))
                frames.append(percentile(opened.evaluate("window.benchFrames"), 95))
        what = f"{widget}, {params}: drag of {MOVES} moves, {FAR_MS} ms from the server"
        floor = "p95 between frames of an empty page in the same browser"
        yield Row(f"{what}: p95 from pointer to drawing", "ms", inputs, empty, floor, most=8)
        yield Row(f"{what}: p95 between frames", "ms", frames, empty, floor, most=17)


def _answered(page: Page, address: str) -> Locator:
    """A figure alone, at rest; a question that it asks is answered."""
    page.goto(address, wait_until="networkidle")
    found = page.locator("dpo-widget[data-ready]")
    found.wait_for()
    question = found.locator("[data-guess]").first
    if question.is_visible():
        question.click()
    page.wait_for_function(
        "w => !w.figure || (!w.figure.late && !w.figure.moves)", arg=found.element_handle()
    )
    return found


def drag(page: Page, widget: Locator, handle: int) -> None:
    """Drag a knob to the end of its way and back to the start, a reader's time after it was reached."""
    way = widget.evaluate(WAY, [handle, MOVES])
    several = "(w, i) => { window.benchSeveral = w.figure.scene.handles[i].params.length > 1; }"
    widget.evaluate(several, handle)
    page.mouse.move(*way[0])
    page.wait_for_timeout(4 * FAR_MS)
    page.mouse.down()
    for point in way[1:]:
        page.mouse.move(*point)
        page.wait_for_timeout(FRAME_MS)
    page.mouse.up()


def times(browser: Browser, address: str, section: str, bare: str) -> Iterator[Row]:
    """Time to content of a section and of bare pages in turn, each time with an empty cache."""
    widget, control = OPENED[section]
    found, moved, drawn = [], [], []
    for _ in range(RUNS):
        found.append(visit(browser, f"{address}/sections/{section}#{widget}-title", control))
        moved.append(visit(browser, f"{bare}/moved", "number"))
        drawn.append(visit(browser, f"{bare}/", None))
    for name, (what, floor, most) in SEEN.items():
        floors = drawn if name in ("number", "drawing") else moved
        yield Row(
            f"{section}: {what}; processor {CPU_SLOWDOWN} times slower, {DOWN_MBIT} Mbit/s, "
            f"{ROUND_TRIP_MS} ms",
            "s",
            [seen[name] / 1000 for seen in found],
            [seen[name] / 1000 for seen in floors],
            floor,
            most=most,
        )


def visit(browser: Browser, address: str, control: str | None) -> Mapping[str, float]:
    """Open a page on a slow machine, wait until its figure can be moved, then move it at once.

    Returns milliseconds, by the names of SEEN. A page without a control has no such figure.
    """
    with _page(browser) as (page, session):
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        _network(session, ROUND_TRIP_MS, DOWN_MBIT, UP_MBIT)
        page.goto(address, wait_until="commit")
        last = "drawing" if control is None else "ready"
        page.wait_for_function("name => Number.isFinite(window.benchSeen?.[name])", arg=last)
        if control is not None:
            page.locator(f'[data-ready] [data-range-for="{control}"]').focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_function("() => window.benchDelays.length > 0")
        taken: dict[str, float] = page.evaluate(TAKEN)
        return taken


def _network(session: CDPSession, latency: int, down: float = 0, up: float = 0) -> None:
    """Limit the network: latency in milliseconds, megabits a second (0: no limit)."""
    rates = {"downloadThroughput": down * 1e6 / 8 or -1, "uploadThroughput": up * 1e6 / 8 or -1}
    conditions = {"offline": False, "latency": latency, **rates}
    session.send("Network.emulateNetworkConditions", conditions)


def weights(browser: Browser, address: str, bare: str) -> Iterator[Row]:
    """Rows of bytes transferred on the first visit: the heaviest section, with and without fonts."""
    found = [weight(browser, f"{address}/sections/{each.slug}") for each in SECTIONS]
    floor = [sum(weight(browser, f"{bare}/"))]
    for what, most, kilobytes in (
        ("with its fonts", 160, max(fonts + others for fonts, others in found)),
        ("without fonts", 70, max(others for _, others in found)),
    ):
        yield Row(
            f"weight of the heaviest section page, {what}",
            "KB",
            [kilobytes],
            floor,
            "a page without script or style",
            most=most,
        )


def weight(browser: Browser, address: str) -> tuple[float, float]:
    """Kilobytes that a page transfers before it is scrolled, headers included: of fonts, and of all else."""
    with _page(browser, 390, 300) as (page, session):
        session.send("Network.enable")
        addresses: dict[str, str] = {}
        sizes: dict[str, float] = {}
        session.on(
            "Network.requestWillBeSent",
            lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
        )
        session.on(
            "Network.loadingFinished",
            lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto(address, wait_until="networkidle")
        fonts = sum(size for one, size in sizes.items() if addresses[one].endswith(".woff2"))
        return fonts / 1000, (sum(sizes.values()) - fonts) / 1000
