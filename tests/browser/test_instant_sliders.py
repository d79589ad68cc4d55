"""Sliders far from the server: one request brings the whole range, and dragging needs no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from app.formatting import format_value
from app.state.controls import controls_of
from app.widgets.registry import WIDGETS
from tests.browser.helpers import REDRAWS, expect_chart, field, set_slider, widget

FAR_MS = 100


class Slider(NamedTuple):
    """A slider, a number that follows it with its format, and the chart that follows it."""

    name: str
    control: str
    path: str
    how: str
    chart: str = "figure"


EACH = pytest.mark.parametrize(
    "tried",
    [
        Slider("reward_separation", "reward_chosen", "loss", "fixed3"),
        Slider("reward_separation", "reward_rejected", "margin", "fixed1"),
        Slider("dpo_loss", "logratio_chosen", "loss", "fixed3"),
        Slider("dpo_loss", "logratio_rejected", "probability", "percent1"),
        Slider("dpo_loss", "beta", "margin", "fixed2"),
        Slider("beta_effect", "beta", "kl", "fixed2", "tradeoff"),
    ],
    ids=lambda tried: f"{tried.name}-{tried.control}",
)

# Move the slider from one end to the other in a number of steps, within one task of the browser, so that no
# response can arrive in between. Returns the number box and the outputs after each step.
SWEEP = """(widget, [control, steps, path]) => {
  const slider = widget.querySelector(`[data-range-for="${control}"]`);
  const box = widget.form.elements[control];
  const [low, high, step] = [slider.min, slider.max, slider.step].map(Number);
  const found = [];
  for (let i = 0; i <= steps; i += 1) {
    const value = low + Math.round(((i / steps) * (high - low)) / step) * step;
    slider.value = String(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    found.push([
      Number(box.value),
      widget.querySelector(`[data-field="${path}"]`).textContent,
      widget.querySelector('[data-field="finding"]').textContent,
    ]);
  }
  return found;
}"""


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Addresses below /api that the page requests."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "/api/" in request.url:
            found.append(request.url)

    page.on("request", note)
    return found


def far_away(page: Page) -> None:
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": FAR_MS,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        },
    )


def slider(found: Locator, control: str) -> Locator:
    return found.locator(f'[data-range-for="{control}"]')


def opened(page: Page, name: str, chart: str, query: str = "") -> Locator:
    page.goto(f"/widgets/{name}{query}")
    found = widget(page, name)
    expect_chart(found, chart)
    return found


def with_range(page: Page, found: Locator, control: str) -> None:
    """Point at a slider, and wait for its range."""
    name = found.get_attribute("name")
    with page.expect_response(f"**/api/v1/{name}/range?along={control}*"):
        slider(found, control).hover()
    # It has arrived once an input event shows a result at once.
    page.wait_for_function(
        """slider => {
          let shown = false;
          const seen = () => { shown = true; };
          document.addEventListener("dpo-result", seen);
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          document.removeEventListener("dpo-result", seen);
          return shown;
        }""",
        arg=slider(found, control).element_handle(),
    )


def result(server: str, name: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server}/api/v1/{name}", params=params).json()
    return found


@EACH
def test_one_range_is_all_that_a_slider_asks_for(
    page: Page, server: str, asked: list[str], tried: Slider
) -> None:
    found = opened(page, tried.name, tried.chart)
    far_away(page)
    before = found.locator(".finding").text_content()
    with_range(page, found, tried.control)
    box = slider(found, tried.control).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(box["x"] + box["width"] * (0.5 + step / 70), middle)
    page.mouse.up()
    expect(found.locator(".finding")).not_to_have_text(before or "")
    expect(page).to_have_url(re.compile(f"{tried.control}="))

    # Every position is in the range, on linear and on logarithmic sliders, network or not.
    page.context.set_offline(True)
    values = controls_of(WIDGETS[tried.name].params())[tried.control].slider_values
    seen = found.evaluate(SWEEP, [tried.control, len(values) - 1, tried.path])
    page.context.set_offline(False)
    assert [value for value, _, _ in seen] == list(values)
    for value, text, finding in [seen[0], seen[len(seen) // 3], seen[-1]]:
        alone = result(server, tried.name, **{tried.control: value})
        assert text == format_value(alone[tried.path], tried.how), value
        assert finding == alone["finding"]
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(found.locator(".widget-body")).not_to_have_attribute("aria-busy", "true")
    page.wait_for_load_state("networkidle")
    (only,) = asked
    assert f"{tried.name}/range?along={tried.control}" in only


def test_the_chart_follows_and_comes_to_rest_where_plotly_puts_it(page: Page) -> None:
    found = opened(page, "reward_separation", "figure")
    with_range(page, found, "reward_chosen")
    places = """chart => [...chart.querySelectorAll(".point")].map((point) => {
      const { x, y } = point.getBoundingClientRect();
      return [x, y].map(Math.round);
    })"""
    chart = found.locator('[data-chart="figure"]')
    before = chart.evaluate(places)
    chart.evaluate(REDRAWS)
    moved = found.evaluate(
        f"""async widget => {{
          const slider = widget.querySelector('[data-range-for="reward_chosen"]');
          const chart = widget.querySelector('[data-chart="figure"]');
          const seen = [];
          for (const value of ["2", "1", "0", "-5"]) {{
            slider.value = value;
            slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            seen.push(({places})(chart));
          }}
          return [seen, chart.redraws];
        }}"""
    )
    seen, while_moving = moved
    assert len({str(place) for place in [before, *seen]}) == 5
    page.wait_for_function("chart => chart.redraws > 0", arg=chart.element_handle())
    assert while_moving == 0
    assert chart.evaluate(places) == seen[-1]
    expect(chart).to_have_attribute("aria-label", re.compile("A gap of -5.0"))
    table = found.locator('[data-table="figure"]')
    expect(table.locator("thead th").last).to_have_text("loss here (nats)")
    here = table.locator("tbody tr", has=page.locator("td:last-child:not(:empty)"))
    expect(here.locator("th")).to_have_text("−5")


def test_the_arrow_keys_need_no_server_either(page: Page, asked: list[str]) -> None:
    found = opened(page, "reward_separation", "figure")
    with page.expect_response("**/range?*"):
        slider(found, "reward_chosen").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(field(found, "margin")).to_have_text("3.3")
    page.keyboard.press("Home")
    expect(field(found, "margin")).to_have_text("−10.0")
    expect(found.locator("[data-live]")).to_contain_text("A gap of -10.0")
    assert len(asked) == 1


def test_a_typed_value_between_the_positions_is_asked_for(page: Page, asked: list[str]) -> None:
    found = opened(page, "dpo_loss", "figure")
    with_range(page, found, "beta")
    with page.expect_request(re.compile(r"/dpo_loss\?beta=0\.123")):
        found.locator("[name=beta]").fill("0.123")
    expect(field(found, "margin")).to_have_text("0.49")
    found.locator("[name=beta]").fill("1")
    expect(field(found, "margin")).to_have_text("4.00")
    assert len(asked) == 2


def test_a_range_is_asked_for_anew_when_another_control_has_changed(
    page: Page, asked: list[str], server: str
) -> None:
    found = opened(page, "dpo_loss", "figure")
    with_range(page, found, "beta")
    found.get_by_label("Loss", exact=True).select_option("ipo")
    expect(found.locator(".finding")).to_contain_text("ipo")
    page.mouse.move(0, 0)
    with_range(page, found, "beta")
    assert "/range?along=beta&loss_type=ipo" in asked[-1]
    set_slider(found, "beta", "10")
    beta = found.locator("[name=beta]").input_value()
    alone = result(server, "dpo_loss", loss_type="ipo", beta=beta)
    assert field(found, "loss").text_content() == format_value(alone["loss"], "fixed3")
    page.wait_for_load_state("networkidle")
    assert len(asked) == 3


def test_where_a_value_is_refused_the_server_says_why(page: Page, faults: list[str]) -> None:
    faults.append("422")
    found = opened(page, "dpo_loss", "figure", "?loss_type=orpo")
    with_range(page, found, "logratio_chosen")
    set_slider(found, "logratio_chosen", "7.9")
    loss = field(found, "loss").text_content()
    set_slider(found, "logratio_chosen", "9")
    expect(found.locator("[data-error]")).to_contain_text("must be below 8 for orpo")
    assert field(found, "loss").text_content() == loss
    set_slider(found, "logratio_chosen", "2")
    expect(found.locator("[data-error]")).to_be_hidden()


def holding(held: list[Route]) -> Callable[[Route], None]:
    def hold(route: Route) -> None:
        held.append(route)

    return hold


def test_a_range_that_comes_late_shows_where_the_slider_is_now(
    page: Page, asked: list[str]
) -> None:
    found = opened(page, "reward_separation", "figure")
    held: list[Route] = []
    page.route("**/range?*", holding(held))
    with page.expect_request("**/range?*"):
        slider(found, "reward_chosen").hover()
    set_slider(found, "reward_chosen", "1")
    set_slider(found, "reward_chosen", "2")
    assert field(found, "margin").text_content() == "3.0"
    held.pop().continue_()
    expect(field(found, "margin")).to_have_text("2.0")
    assert len([url for url in asked if "/range?" in url]) == 1


def test_a_slow_range_keeps_nobody_waiting_and_a_late_answer_replaces_nothing(page: Page) -> None:
    found = opened(page, "reward_separation", "figure")
    ranges: list[Route] = []
    singles: list[Route] = []
    page.route("**/range?*", holding(ranges))
    page.route("**/api/v1/reward_separation?*", holding(singles))
    slider(found, "reward_chosen").hover()
    with page.expect_request("**/api/v1/reward_separation?reward_chosen=1"):
        set_slider(found, "reward_chosen", "1")
    # The range arrives first, the slider moves on, and then the single result arrives.
    with page.expect_response("**/range?*"):
        ranges.pop().continue_()
    expect(field(found, "margin")).to_have_text("1.0")
    set_slider(found, "reward_chosen", "-4")
    assert field(found, "margin").text_content() == "−4.0"
    # Nobody waits for it any more.
    singles.pop().abort()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert field(found, "margin").text_content() == "−4.0"
    expect(found.locator("[data-error]")).to_be_hidden()


def test_without_its_range_a_slider_asks_for_each_result(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route("**/range?*", lambda route: route.abort())
    found = opened(page, "reward_separation", "figure")
    set_slider(found, "reward_chosen", "1")
    expect(field(found, "margin")).to_have_text("1.0")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"\?reward_chosen=1$"))


def test_the_same_range_is_not_asked_for_twice(page: Page, asked: list[str]) -> None:
    found = opened(page, "reward_separation", "figure")
    with_range(page, found, "reward_chosen")
    page.mouse.move(0, 0)
    slider(found, "reward_chosen").hover()
    slider(found, "reward_chosen").click()
    found.locator("[name=reward_chosen]").focus()
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1


def test_an_address_that_is_written_too_often_is_refused_so_it_is_written_now_and_then(
    page: Page,
) -> None:
    found = opened(page, "reward_separation", "figure")
    with_range(page, found, "reward_chosen")
    page.evaluate(
        """() => {
          window.written = 0;
          const write = history.replaceState.bind(history);
          history.replaceState = (...state) => { window.written += 1; write(...state); };
        }"""
    )
    found.evaluate(SWEEP, ["reward_chosen", 200, "margin"])
    expect(page).to_have_url(re.compile(r"\?reward_chosen=10$"))
    assert page.evaluate("() => window.written") <= 2
    expect(found.locator('[data-link="api"]')).to_have_attribute(
        "href", "/api/v1/reward_separation?reward_chosen=10"
    )


def test_a_slider_that_the_page_locks_asks_for_nothing(page: Page, asked: list[str]) -> None:
    found = opened(page, "reward_separation", "figure", "?lock=reward_chosen")
    slider(found, "reward_chosen").hover(force=True)
    found.locator("[name=reward_chosen]").focus()
    with_range(page, found, "reward_rejected")
    assert [url.partition("along=")[2] for url in asked] == ["reward_rejected"]
