"""Runs that a page makes on its reader's machine, because the server's queue is longer than that takes."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from app.widgets import ppo_dynamics
from tests.browser.helpers import record_texts, widget

SHORT = "iterations=20"


def busy(page: Page) -> list[str]:
    """Let the server say that its queue is long. Returns the addresses of runs that it is asked for."""

    def answer(route: Route) -> None:
        if route.request.headers.get("prefer") == "respond-async":
            route.fulfill(status=202, json={"wait_s": 60.0})
        else:
            route.continue_()

    page.route("**/widgets/*/answer*", answer)
    asked: list[str] = []
    page.on(
        "request",
        lambda sent: asked.append(sent.url) if re.search(r"/api/v1/\w+/stream", sent.url) else None,
    )
    return asked


def opened(page: Page, name: str = "ppo_dynamics", query: str = SHORT) -> Locator:
    page.goto(f"/widgets/{name}?{query}")
    found = widget(page, name)
    expect(found).to_have_attribute("data-ready", "")
    found.locator("[data-settings] > summary").click()
    return found


def computed(found: Locator, seed: int) -> Any:
    """The result for another seed, once it is there."""
    come = found.evaluate_handle(
        """widget => {
          const come = {};
          widget.addEventListener("dpo-result", ({ detail }) => { come.result = detail; });
          return come;
        }"""
    )
    box = found.locator('input[name="seed"]')
    box.fill(str(seed))
    box.press("Tab")
    found.page.wait_for_function("come => come.result", arg=come)
    return come.json_value()["result"]


def test_a_busy_server_lets_the_reader_train_and_says_so(page: Page) -> None:
    asked = busy(page)
    found = opened(page)
    told = record_texts(found, "[data-training-says]")
    last = computed(found, 271_829)["last"]
    wanted = ppo_dynamics.compute(ppo_dynamics.Params(seed=271_829, iterations=20)).last
    assert math.isclose(last["reward"], wanted.reward, rel_tol=1e-3)
    assert math.isclose(last["kl"], wanted.kl, rel_tol=1e-3)
    assert last["sample"] == wanted.sample
    said = told.json_value()
    assert any(
        "busy for up to 60 s, so this run is trained on your machine" in text for text in said
    )
    assert any("of 20 iterations" in text for text in said)
    assert asked == []
    expect(found.locator("[data-computed-here]")).to_contain_text("Computed in your browser")
    found.locator("[data-link=receipt]").click()
    expect(page.locator("dialog")).to_contain_text("computed in your browser")


def test_a_reader_can_prefer_the_server(page: Page) -> None:
    asked = busy(page)
    found = opened(page)
    # The offer stands until it is answered.
    page.clock.install()
    box = found.locator('input[name="seed"]')
    box.fill("271830")
    box.press("Tab")
    page.clock.run_for(100)
    prefer = found.get_by_role("button", name="Wait for the server")
    prefer.click()
    page.clock.resume()
    expect(found.locator("[data-training-says]")).to_contain_text("seed 271830: 20 of 20")
    assert len(asked) == 1
    expect(found.locator("[data-computed-here]")).to_be_hidden()


def test_a_page_that_came_before_its_run_trains_too(page: Page) -> None:
    page.request.get("/api/v1/ppo_dynamics")  # what it shows meanwhile
    asked = busy(page)
    answer = page.goto(f"/widgets/ppo_dynamics?seed=271831&{SHORT}&ppo_dynamics.at=7")
    assert answer is not None
    assert "data-pending" in answer.text()
    found = widget(page, "ppo_dynamics")
    expect(found.locator("[data-computed-here]")).to_be_visible()
    expect(found.locator("[data-readout]")).to_contain_text("Iteration 7:")
    assert asked == []


@pytest.mark.parametrize("name", ["training_race", "pipeline_comparison"])
def test_others_train_here_too(page: Page, name: str) -> None:
    asked = busy(page)
    found = opened(page, name, "")
    result = computed(found, 3)
    assert result["finding"]
    assert asked == []
    expect(found.locator("[data-computed-here]")).to_be_visible()
