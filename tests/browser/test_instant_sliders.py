"""Sliders far from the server: one request brings the whole range, and dragging needs no other."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, expect

from app.formatting import format_value
from app.state.controls import controls_of
from app.widgets.registry import WIDGETS
from tests.browser.helpers import expect_chart, field, set_slider, widget

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
        Slider("dpo_loss", "logratio_chosen", "loss", "fixed3"),
        Slider("dpo_loss", "logratio_rejected", "probability", "percent1"),
        Slider("dpo_loss", "beta", "margin", "fixed2"),
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
