"""A widget in a frame of another site's page, without our script around it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.embedding.snippets import PUBLISHED_WIDTH, SLIDE_HEIGHT, height_of
from app.widgets.registry import WIDGETS
from tests.browser.helpers import widget
from tests.browser.host import Host, frame_of, snippet
from tests.browser.layout import settled_height


def test_a_bare_frame_needs_no_script_around_it(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "iframe", "?reward_chosen=2")
    guest.goto(host.put("/bare", text, f"default-src 'none'; frame-src {server}"))
    frame = frame_of(guest.locator("iframe"))
    frame.locator('[data-range-for="reward_chosen"]').fill("5")
    expect(frame.locator("[data-readout]")).to_contain_text("A gap of +5.0")
    expect(frame.locator("[data-link=api]")).to_have_attribute(
        "href", re.compile("reward_chosen=5$")
    )
    box = guest.locator("iframe").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(height_of("reward_separation"), abs=5)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_frame_without_some_parts_is_as_high_as_the_rest(page: Page, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": PUBLISHED_WIDTH, "height": 900})
    for hide in ("tries,links", "readout", "settings,details", "steps,readout,details,foot"):
        published = page.request.get(f"/api/v1/embeds/{name}?hide={hide}").json()["height"]
        page.goto(f"/widgets/{name}?hide={hide}")
        widget(page, name)
        needs = settled_height(page.main_frame)
        assert needs <= published <= needs + 40, "run `make heights`"


@pytest.mark.parametrize("name", WIDGETS)
def test_a_slide_has_room_for_the_drawing_and_what_is_said_of_it(page: Page, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 962, "height": SLIDE_HEIGHT})
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    for part in ("[data-title]", "[data-stage]", "[data-readout]"):
        for shown in found.locator(f"{part}:visible").all():
            expect(shown).to_be_in_viewport(ratio=1)


def test_a_frame_answers_a_page_that_begins_to_listen_late(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(host.put("/listening", snippet(guest, server, "dpo_loss", "iframe")))
    frame = frame_of(guest.locator("iframe"))
    needs = settled_height(frame)
    told = guest.evaluate(
        """() => new Promise((heard) => {
            const { contentWindow } = document.querySelector("iframe");
            addEventListener("message", ({ source, data }) => { if (source === contentWindow) heard(data); });
            contentWindow.postMessage({ type: "dpo-explained:ping" }, "*");
        })"""
    )
    assert told == {
        "type": "dpo-explained:height",
        "widget": "dpo_loss",
        "height": pytest.approx(needs, abs=1),
    }


def test_a_sandboxed_frame_without_storage_works(guest: Page, server: str, host: Host) -> None:
    text = snippet(guest, server, "reward_separation", "iframe")
    sandboxed = text.replace("<iframe ", '<iframe sandbox="allow-scripts allow-forms" ')
    guest.goto(host.put("/sandboxed", sandboxed))
    frame = frame_of(guest.locator("iframe"))
    assert (
        frame.evaluate(
            "() => { try { localStorage; return 'there'; } catch (e) { return e.name; } }"
        )
        == "SecurityError"
    )
    frame.locator('[data-range-for="reward_chosen"]').fill("-2")
    expect(frame.locator("[data-readout]")).to_contain_text("A gap of −2.0")
    expect(frame.locator("svg.plot")).to_be_visible()


def test_a_sandbox_that_allows_only_scripts_sends_the_readers_own_data(
    guest: Page, server: str, host: Host
) -> None:
    text = snippet(guest, server, "bring_your_logps", "iframe")
    guest.goto(host.put("/own", text.replace("<iframe ", '<iframe sandbox="allow-scripts" ')))
    frame = frame_of(guest.locator("iframe"))
    frame.locator("[data-settings] > summary").click()
    frame.locator("[name=text]").fill(
        "chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps\n-41,-58,-44,-52\n"
    )
    frame.locator("[data-compute]").click()
    expect(frame.locator("[data-title]")).to_contain_text("The only pair is ranked as labeled")


def test_links_out_of_a_frame_open_in_a_new_tab_and_others_stay(
    guest: Page, server: str, host: Host
) -> None:
    guest.goto(host.put("/links", snippet(guest, server, "dpo_loss", "iframe")))
    frame = frame_of(guest.locator("iframe"))
    expect(frame.locator("[data-link=api]")).to_have_attribute("target", "_blank")
    with guest.expect_popup() as popup:
        frame.locator(".from a").click()
    expect(popup.value).to_have_url(re.compile("/sections/dpo-loss"))
    assert popup.value.evaluate("opener") is None
    # A page behind another one may not be given a click.
    popup.value.close()
    # Until the script of the widget runs, a step is a link, which reloads the frame.
    expect(frame.locator("dpo-widget[data-ready]")).to_be_attached()
    frame.locator("[data-query*='logratio_chosen=-4']").click()
    expect(frame.locator("[name=logratio_chosen]")).to_have_value("-4")
    assert guest.context.pages == [guest]


def test_a_slide_loads_the_address_that_its_snippet_has(
    guest: Page, server: str, host: Host
) -> None:
    """As reveal.js does it: the address moves from data-src to src when the slide is shown."""
    text = snippet(guest, server, "dpo_loss", "reveal", "?beta=0.1&lock=beta")
    guest.goto(host.put("/slides", text))
    guest.locator("section iframe").evaluate("f => { f.src = f.getAttribute('data-src'); }")
    frame = frame_of(guest.locator("section iframe"))
    expect(frame.locator("[name=beta]")).to_have_value("0.1")
    expect(frame.locator("[name=beta]")).to_have_attribute("readonly", "")


def test_slides_keep_the_arrow_keys_that_a_frame_does_not_use(
    guest: Page, server: str, host: Host
) -> None:
    """reveal.js tells a frame when its slide is shown, and is called by messages with a method."""
    guest.goto(host.put("/arrows", snippet(guest, server, "dpo_loss", "reveal")))
    guest.evaluate("() => { window.calls = []; }")
    guest.evaluate(
        """addEventListener("message", ({ data }) => {
            if (typeof data === "string") window.calls.push(JSON.parse(data).method);
        })"""
    )
    place = guest.locator("section iframe")
    place.evaluate("f => { f.src = f.getAttribute('data-src'); }")
    frame = frame_of(place)
    frame.locator("[data-title]").click()
    guest.keyboard.press("ArrowRight")
    assert guest.evaluate("window.calls") == []  # no slide yet
    place.evaluate("f => f.contentWindow.postMessage('slide:start', '*')")
    frame.evaluate("() => new Promise((then) => setTimeout(then))")
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Shift+ArrowRight", "a"):
        guest.keyboard.press(key)
    frame.locator("[data-details] > summary").click()
    guest.keyboard.press("ArrowRight")
    ways = ["right", "left", "up", "down", "right"]
    guest.wait_for_function("n => window.calls.length >= n", arg=len(ways))
    # A handle keeps them.
    handle = frame.locator("[data-range-for]").first
    before = handle.input_value()
    handle.focus()
    guest.keyboard.press("ArrowRight")
    frame.wait_for_function(
        "before => document.querySelector('[data-range-for]').value !== before", arg=before
    )
    assert guest.evaluate("window.calls") == ways
