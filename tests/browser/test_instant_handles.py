"""Handles far from the server: one request brings all positions of one, and dragging needs no other."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from app.charts.stage_svg import resolved
from app.paths import TEMPLATES
from app.state.controls import controls_of
from app.widgets.registry import WIDGETS
from tests.browser.helpers import set_slider, widget

HANDLES = [
    (name, along)
    for name, one in WIDGETS.items()
    if one.ranges is not None
    for along in one.ranges.along
    if f'f.handle(w, "{along}"' in (TEMPLATES / f"widgets/{name}.html").read_text("utf-8")
]

# Move a handle's control through all its positions within one task of the browser, so that no response can
# arrive in between; returns the number box and the readout after each.
SWEEP = """(widget, along) => {
  const range = widget.querySelector(`[data-range-for="${along}"]`);
  const box = widget.form.elements[along];
  const [low, high, step] = [range.min, range.max, range.step].map(Number);
  const found = [];
  for (let i = 0; i <= Math.round((high - low) / step); i += 1) {
    range.value = String(low + i * step);
    range.dispatchEvent(new Event("input", { bubbles: true }));
    found.push([Number(box.value), widget.querySelector("[data-readout]").innerHTML]);
  }
  return found;
}"""

# An input event shows a result at once.
HAS_RANGE = """range => {
  let shown = false;
  const seen = () => { shown = true; };
  document.addEventListener("dpo-result", seen);
  range.dispatchEvent(new Event("input", { bubbles: true }));
  document.removeEventListener("dpo-result", seen);
  return shown;
}"""


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Addresses of results that the page requests."""
    found: list[str] = []

    def note(request: Request) -> None:
        if re.search(r"/range\?|/answer", request.url):
            found.append(request.url)

    page.on("request", note)
    return found


def opened(page: Page, name: str, query: str = "") -> Locator:
    page.goto(f"/widgets/{name}{query}")
    return widget(page, name)


def control(found: Locator, along: str) -> Locator:
    return found.locator(f'[data-range-for="{along}"]')


def with_range(page: Page, found: Locator, along: str) -> None:
    """Point at the drawing, and wait for the range of a handle."""
    found.locator("svg.plot").hover()
    page.wait_for_function(HAS_RANGE, arg=control(found, along).element_handle())


@pytest.mark.parametrize(("name", "along"), HANDLES)
def test_a_drag_shows_what_the_server_would_and_asks_for_nothing_more(
    page: Page, server: str, asked: list[str], name: str, along: str
) -> None:
    found = opened(page, name)
    with_range(page, found, along)
    page.context.set_offline(True)
    before = len(asked)
    seen = found.evaluate(SWEEP, along)
    page.context.set_offline(False)
    assert len(asked) == before
    values = controls_of(WIDGETS[name].params())[along].slider_values
    assert [value for value, _ in seen] == list(values)
    for value, readout in (seen[0], seen[len(seen) // 3], seen[-1]):
        answer = httpx.get(f"{server}/widgets/{name}/answer", params={along: value}).json()
        wanted = resolved(answer["scene"]["readout"], 0)
        assert (
            page.evaluate(
                "html => { const p = document.createElement('p'); p.innerHTML = html; "
                "return p.innerHTML; }",
                wanted,
            )
            == readout
        ), value
    expect(found.locator("[data-error]")).to_be_hidden()


def holding(held: list[Route]) -> Callable[[Route], None]:
    def hold(route: Route) -> None:
        held.append(route)

    return hold


def test_a_range_that_comes_late_shows_where_the_handle_is_now(page: Page) -> None:
    found = opened(page, "reward_separation")
    held: list[Route] = []
    page.route("**/range?along=reward_chosen", holding(held))
    with page.expect_request("**/range?along=reward_chosen"):
        found.locator("svg.plot").hover()
    set_slider(found, "reward_chosen", "1")
    set_slider(found, "reward_chosen", "2")
    # Until then the result says that it is not of these controls.
    expect(found.locator("[data-core]")).to_have_attribute("data-stale", "")
    held.pop().continue_()
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +2.0")
    expect(found.locator("[data-core]")).not_to_have_attribute("data-stale", "")


def test_a_slow_range_keeps_nobody_waiting_and_a_late_answer_replaces_nothing(page: Page) -> None:
    found = opened(page, "reward_separation")
    ranges: list[Route] = []
    singles: list[Route] = []
    page.route("**/range?along=reward_chosen", holding(ranges))
    page.route("**/reward_separation/answer?*", holding(singles))
    found.locator("svg.plot").hover()
    with page.expect_request("**/reward_separation/answer?reward_chosen=1"):
        set_slider(found, "reward_chosen", "1")
    # The range arrives first, the handle moves on, and then the single result arrives.
    with page.expect_response("**/range?*"):
        ranges.pop().continue_()
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +1.0")
    set_slider(found, "reward_chosen", "-4")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of −4.0")
    # Nobody waits for it any more.
    singles.pop().abort()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of −4.0")
    expect(found.locator("[data-error]")).to_be_hidden()


def test_without_its_range_a_handle_asks_for_each_result(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route("**/range?*", lambda route: route.abort())
    found = opened(page, "reward_separation")
    set_slider(found, "reward_chosen", "1")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +1.0")
    expect(page).to_have_url(re.compile(r"\?reward_chosen=1$"))


def test_the_same_range_is_not_asked_for_twice(page: Page, asked: list[str]) -> None:
    found = opened(page, "reward_separation")
    with_range(page, found, "reward_chosen")
    page.mouse.move(0, 0)
    found.locator("svg.plot").hover()
    control(found, "reward_chosen").focus()
    page.wait_for_load_state("networkidle")
    assert len(asked) == len(set(asked)) == 3


def test_an_address_that_is_written_too_often_is_refused_so_it_is_written_now_and_then(
    page: Page,
) -> None:
    found = opened(page, "reward_separation")
    with_range(page, found, "reward_chosen")
    page.evaluate(
        """() => {
          window.written = 0;
          const write = history.replaceState.bind(history);
          history.replaceState = (...state) => { window.written += 1; write(...state); };
        }"""
    )
    found.evaluate(SWEEP, "reward_chosen")
    expect(page).to_have_url(re.compile(r"\?reward_chosen=10$"))
    assert page.evaluate("() => window.written") <= 2
    expect(found.locator('[data-link="api"]')).to_have_attribute(
        "href", "/api/v1/reward_separation?reward_chosen=10"
    )


def test_a_handle_that_the_page_locks_lies_still_and_asks_for_nothing(
    page: Page, asked: list[str]
) -> None:
    found = opened(page, "reward_separation", "?lock=reward_chosen")
    with_range(page, found, "reward_rejected")
    assert [url.partition("along=")[2] for url in asked] == ["reward_rejected"]
    knobs = found.locator("svg.plot .handle.still")
    expect(knobs).to_have_count(2)
    expect(knobs.locator(".halo")).to_have_count(0)
