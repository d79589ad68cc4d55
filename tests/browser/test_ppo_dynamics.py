from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.helpers import expect_chart, field, record_texts, widget


def test_a_run_is_watched_to_its_end(page: Page) -> None:
    page.goto("/sections/ppo-problem?iterations=60&seed=3")
    found = widget(page, "ppo_dynamics")
    expect_chart(found)
    # One number alone may be the same for two seeds.
    before = found.locator("[data-field]").all_text_contents()
    shown = record_texts(found, "[data-run-text]")
    found.get_by_role("button", name="Run with a new seed").click()
    expect(found.locator("[data-run-text]")).to_have_text("60 of 60 iterations", timeout=240_000)
    # It is drawn while it runs, not only at the end.
    assert any(re.match(r"([1-9]|[1-5]\d) of 60", text) for text in shown.json_value())
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")
    expect(found.locator(".finding")).to_contain_text("After 60 iterations")
    assert found.locator("[data-field]").all_text_contents() != before
    seed = found.locator('[name="seed"]').input_value()
    assert seed != "3"
    assert f"seed={seed}" in page.url


def test_the_address_of_a_run_shows_the_same_run(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=20&seed=41")
    found = widget(page, "ppo_dynamics")
    shown = field(found, "last.kl").text_content()
    found.get_by_role("button", name="Run this seed").click()
    expect(found.locator("[data-live]")).to_contain_text("After 20 iterations")
    expect(field(found, "last.kl")).to_have_text(shown or "")


def test_reset_goes_back_to_the_reference_policy(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=20")
    found = widget(page, "ppo_dynamics")
    found.get_by_role("button", name="Reset").click()
    expect(found.locator("[data-run-text]")).to_have_text("0 of 20 iterations")
    expect(field(found, "last.kl")).to_have_text("0.00")
    expect(field(found, "last.true_quality")).to_have_text("0.00")


def test_reset_during_a_run_ends_it(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=10")
    found = widget(page, "ppo_dynamics")
    found.locator('[name="iterations"]').fill("400")
    found.get_by_role("button", name="Run with a new seed").click()
    expect(found.locator("[data-run-text]")).to_have_text(re.compile(r"^\d+ of 400"))
    found.get_by_role("button", name="Reset").click()
    expect(found.locator("[data-run-text]")).to_have_text("0 of 400 iterations")
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")


STREAM = "**/api/v1/ppo_dynamics/stream*"
PROBLEM = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "retry_after": 30}


def sent(event: str, data: object, number: int | None = None) -> str:
    """An event as the server sends it."""
    return (f"id: {number}\n" if number else "") + f"event: {event}\ndata: {json.dumps(data)}\n\n"


def begin(page: Page, address: str = "/widgets/ppo_dynamics?iterations=10") -> Locator:
    page.goto(address)
    found = widget(page, "ppo_dynamics")
    found.get_by_role("button", name="Run this seed").click()
    return found


def expect_ended(found: Locator) -> None:
    """Nothing is running that could be paused or cancelled, and another run may start."""
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")
    for name in ("Pause", "Continue", "Cancel"):
        expect(found.get_by_role("button", name=name)).to_have_count(0)
    expect(found.get_by_role("button", name="Run this seed")).to_be_enabled()


def test_a_refusal_is_shown_with_its_reason_and_its_wait(page: Page, faults: list[str]) -> None:
    faults.append("429 (Too Many Requests)")
    problem = json.dumps({**PROBLEM, "detail": "You have 400 runs waiting."})
    page.route(
        STREAM,
        lambda route: route.fulfill(
            status=429, content_type="application/problem+json", body=problem
        ),
    )
    found = begin(page)
    expect(found.locator("[data-error]")).to_have_text(
        "You have 400 runs waiting. Try again in 30 s."
    )
    expect(found.locator("[data-run-text]")).to_have_text("0 of 10 iterations, stopped")
    # The previous run is still shown.
    expect(found.locator(".finding")).to_contain_text("After 10 iterations")
    expect_ended(found)


def test_a_run_that_ends_early_says_why_and_keeps_what_has_come(page: Page) -> None:
    rows = page.request.get("/api/v1/ppo_dynamics?iterations=10").json()["history"][:4]
    steps = [sent("step", row, number) for number, row in enumerate(rows, 1)]
    problem = {**PROBLEM, "detail": "The training run behind this was stopped."}
    body = "".join([*steps, sent("error", problem)])
    page.route(STREAM, lambda route: route.fulfill(content_type="text/event-stream", body=body))
    found = begin(page)
    expect(found.locator("[data-error]")).to_have_text(
        "The training run behind this was stopped. Try again in 30 s."
    )
    expect(found.locator("[data-run-text]")).to_have_text("3 of 10 iterations, stopped")
    expect(found.locator(".finding")).to_contain_text("Stopped at 3 of 10 iterations.")
    expect_ended(found)
    # Another try clears the message.
    page.unroute(STREAM)
    found.get_by_role("button", name="Run this seed").click()
    expect(found.locator("[data-run-text]")).to_have_text("10 of 10 iterations")
    expect(found.locator("[data-error]")).to_be_hidden()


def test_a_stream_that_breaks_is_taken_up_where_it_broke(page: Page) -> None:
    result = page.request.get("/api/v1/ppo_dynamics?iterations=10&seed=5").json()
    steps = [sent("step", row, number) for number, row in enumerate(result["history"], 1)]
    asked: list[str | None] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("last-event-id"))
        parts = [*steps[len(steps) // 2 :], sent("done", result, 99)]
        body = "".join(steps[: len(steps) // 2] if len(asked) == 1 else parts)
        route.fulfill(content_type="text/event-stream", body=body)

    page.route(STREAM, answer)
    found = begin(page, "/widgets/ppo_dynamics?iterations=10&seed=5")
    expect(found.locator("[data-live]")).to_contain_text("After 10 iterations")
    assert asked == [None, str(len(steps) // 2)]


def test_a_lost_connection_says_so_and_continue_goes_on(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route(STREAM, lambda route: route.abort())
    found = begin(page)
    expect(found.locator("[data-error]")).to_contain_text("was lost")
    expect(found.locator("[data-run-text]")).to_have_text("0 of 10 iterations, connection lost")
    page.unroute(STREAM)
    found.get_by_role("button", name="Continue").click()
    expect(found.locator("[data-live]")).to_contain_text("After 10 iterations")
    expect(found.locator("[data-error]")).to_be_hidden()


def test_a_run_goes_on_while_the_reader_pauses_and_none_of_its_rows_is_missed(page: Page) -> None:
    with page.expect_event("requestfinished", lambda request: "/stream" in request.url):
        page.goto("/widgets/ppo_dynamics?iterations=60&seed=43")
        found = widget(page, "ppo_dynamics")
        wanted = field(found, "last.kl").text_content() or ""
        found.get_by_role("button", name="Step").click()
        text = found.locator("[data-run-text]")
        expect(text).to_have_text("1 of 60 iterations, paused")
    # All of it has arrived, and the reader is where they were.
    expect(text).to_have_text("1 of 60 iterations, paused")
    shown = record_texts(found, "[data-run-text]")
    found.get_by_role("button", name="Step").click()
    expect(text).to_have_text("2 of 60 iterations, paused")
    found.get_by_role("button", name="Continue").click()
    expect(text).to_have_text("60 of 60 iterations")
    # The display catches up in visible steps.
    assert len({said for said in shown.json_value() if "paused" not in said}) > 3
    expect(field(found, "last.kl")).to_have_text(wanted)
