from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.helpers import record_most, record_texts, settled, widget

STREAM = "**/api/v1/ppo_dynamics/stream*"
ANSWER = "**/widgets/ppo_dynamics/answer*"
SHORT = "/widgets/ppo_dynamics?iterations=10"
PROBLEM = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "retry_after": 30}
PATIENCE = 240_000


@pytest.fixture(autouse=True)
def _still(page: Page) -> None:
    """A run that is to be played is shown at its end at once."""
    page.emulate_media(reduced_motion="reduce")


def opened(page: Page, address: str = SHORT) -> Locator:
    page.goto(address)
    found = widget(page, "ppo_dynamics")
    found.get_by_text("Settings").click()
    return found


def says(found: Locator) -> Locator:
    return found.locator("[data-stale-note]")


def button(found: Locator, name: str) -> Locator:
    return found.get_by_role("button", name=name, exact=True)


def asks(found: Locator, seed: int) -> None:
    """Ask for the run of a seed."""
    found.get_by_label("Seed", exact=True).fill(str(seed))
    expect(says(found)).to_contain_text(f"seed {seed}")


def readout(found: Locator) -> Locator:
    return found.locator("[data-readout]")


def expect_shown(found: Locator, iterations: int = 10) -> None:
    """The result of the controls is shown, at the end of its run."""
    core = found.locator("[data-core]")
    expect(core).not_to_have_attribute("data-stale", "", timeout=PATIENCE)
    expect(core).to_have_attribute("aria-busy", "false")
    expect(readout(found)).to_contain_text(f"Iteration {iterations}:")


def sent(event: str, data: object, number: int | None = None) -> str:
    """An event as the server sends it."""
    return (f"id: {number}\n" if number else "") + f"event: {event}\ndata: {json.dumps(data)}\n\n"


def steps_of(page: Page, seed: int) -> list[str]:
    run = page.request.get(f"/api/v1/ppo_dynamics?iterations=10&seed={seed}").json()
    return [sent("step", row, number) for number, row in enumerate(run["history"], 1)]


def answer_with(page: Page, *bodies: str) -> list[str | None]:
    """Answer streams with these bodies in turn, then as the server does. Returns the ids they go on from."""
    asked: list[str | None] = []
    left: Iterator[str] = iter(bodies)

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("last-event-id"))
        body = next(left, None)
        if body is None:
            route.continue_()
        else:
            route.fulfill(content_type="text/event-stream", body=body)

    page.route(STREAM, answer)
    return asked


def test_a_new_seed_is_trained_told_and_shown(page: Page) -> None:
    found = opened(page, "/widgets/ppo_dynamics?iterations=60&seed=3")
    told = record_texts(found, "[data-training-says]")
    grown = record_most(found, "svg.plot .grown")
    button(found, "New seed").click()
    settled(found)
    expect_shown(found, 60)
    says_it = r"^Shown: seed 3\. Training with seed \d+: ([1-9]|[1-5]\d) of 60 iterations$"
    assert any(re.search(says_it, text) for text in told.json_value())
    assert grown.json_value()["most"]
    expect(found.locator("svg.plot .grown")).to_have_count(0)
    seed = found.locator('[name="seed"]').input_value()
    assert seed != "3"
    assert f"seed={seed}" in page.url
    expect(found.locator("[data-settings] > summary")).to_contain_text(f"seed {seed}")
    wanted = page.request.get(f"/api/v1/ppo_dynamics?iterations=60&seed={seed}").json()
    assert found.evaluate("widget => widget.result.last.kl") == wanted["last"]["kl"]
    # Its address shows the same run.
    shown = readout(found).text_content()
    page.reload()
    assert readout(widget(page, "ppo_dynamics")).text_content() == shown


def test_canceling_goes_back_to_the_settings_of_what_is_shown(page: Page) -> None:
    found = opened(page)
    before = (page.url, readout(found).text_content())
    page.route(STREAM, lambda _: None)
    found.get_by_label("Seed", exact=True).fill("51")
    found.get_by_label("Reward model", exact=True).select_option("network")
    expect(says(found)).to_contain_text(
        "Shown: reward model “additive”, seed 0. Training with seed 51"
    )
    expect(page).to_have_url(re.compile("seed=51"))
    button(found, "Cancel").click()
    expect_shown(found)
    assert (page.url, readout(found).text_content()) == before
    expect(found.get_by_label("Seed", exact=True)).to_have_value("0")
    # The focus has not disappeared with the button.
    assert found.evaluate("widget => widget.contains(document.activeElement)")


def test_a_changed_setting_during_a_run_shows_the_last_one_alone(page: Page) -> None:
    found = opened(page)
    page.route(f"{STREAM}seed=52", lambda _: None)
    asks(found, 52)
    asks(found, 53)
    expect_shown(found)
    assert found.evaluate("widget => widget.result.scene.places") == 11
    wanted = page.request.get("/api/v1/ppo_dynamics?iterations=10&seed=53").json()
    assert found.evaluate("widget => widget.result.last.kl") == wanted["last"]["kl"]


def test_a_reader_who_has_to_wait_hears_the_place_in_the_queue(page: Page) -> None:
    answer_with(page, sent("queued", {"place": 2}))
    found = opened(page)
    told = record_texts(found, "[data-training-says]")
    asks(found, 54)
    expect_shown(found)
    assert any("number 2 in its queue" in text for text in told.json_value())


def test_a_refusal_is_shown_with_its_reason_and_can_be_tried_again(
    page: Page, faults: list[str]
) -> None:
    faults.append("429 (Too Many Requests)")
    problem = json.dumps({**PROBLEM, "detail": "You have 400 runs waiting."})
    page.route(
        STREAM,
        lambda route: route.fulfill(
            status=429, content_type="application/problem+json", body=problem
        ),
    )
    found = opened(page)
    asks(found, 55)
    error = found.locator("[data-error]")
    expect(error).to_have_text("You have 400 runs waiting. Try again in 30 s.")
    # What is shown is still another run.
    expect(says(found)).to_contain_text("Shown: seed 0. Not trained with seed 55")
    page.unroute(STREAM)
    button(found, "Try again").click()
    expect_shown(found)
    expect(error).to_be_hidden()


def test_a_run_that_ends_early_says_why(page: Page) -> None:
    problem = {**PROBLEM, "detail": "The training run behind this was stopped."}
    answer_with(page, "".join([*steps_of(page, 0)[:4], sent("error", problem)]))
    found = opened(page)
    asks(found, 56)
    expect(found.locator("[data-error]")).to_contain_text("was stopped. Try again in 30 s.")
    expect(found.locator("[data-core]")).to_have_attribute("aria-busy", "false")
    expect(found.locator("svg.plot .grown")).to_have_count(0)
    button(found, "Cancel").click()
    expect_shown(found)
    expect(found.locator("[data-error]")).to_be_hidden()


def test_a_stream_that_breaks_is_taken_up_where_it_broke(page: Page) -> None:
    asked = answer_with(page, "".join(steps_of(page, 0)[:5]))
    found = opened(page)
    told = record_texts(found, "[data-training-says]")
    asks(found, 57)
    expect_shown(found)
    assert asked == [None, "5"]
    assert any("connection was lost" in text for text in told.json_value())


def test_a_lost_connection_says_so_and_can_be_tried_again(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route(STREAM, lambda route: route.abort())
    found = opened(page)
    asks(found, 58)
    expect(found.locator("[data-error]")).to_contain_text("was lost")
    page.unroute(STREAM)
    # Not even the first question is answered.
    page.route(ANSWER, lambda route: route.abort(), times=1)
    button(found, "Try again").click()
    expect(found.locator("[data-error]")).to_contain_text("did not answer")
    button(found, "Try again").click()
    expect_shown(found)


def test_a_run_that_was_made_before_is_shown_without_training(page: Page) -> None:
    page.request.get("/api/v1/ppo_dynamics?iterations=10&seed=59")
    found = opened(page)
    page.route(STREAM, lambda _: pytest.fail("a stream was asked for"))
    found.get_by_label("Seed", exact=True).fill("59")
    expect_shown(found)
    expect(page).to_have_url(re.compile("seed=59"))


def test_the_curve_is_drawn_once_the_reader_has_guessed(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?step=1")
    found = widget(page, "ppo_dynamics")
    expect(readout(found)).to_be_hidden()
    assert found.evaluate("({ figure }) => figure.drawing().nodes().length") > 0
    expect(found.get_by_text("true quality, which it never sees")).to_have_count(0)
    expect(found.locator("[data-play]")).to_be_disabled()
    button(found, "fall").click()
    expect(readout(found)).to_contain_text("Iteration 150:")
    expect(found.get_by_text("true quality, which it never sees")).to_be_visible()
    expect(found.locator("[data-play]")).to_be_enabled()
    expect(page).to_have_url(re.compile("ppo_dynamics.guess=c"))
