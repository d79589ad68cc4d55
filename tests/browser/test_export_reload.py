"""The address of a page of an offline copy follows every control, and opens the same state again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.widgets.registry import WIDGETS
from tests.browser.helpers import settled, widget
from tests.browser.sheets import tally

# Moves every control that can be moved, one after the other, as far as it goes at once.
MOVE = """(widget, number) => {
    const free = (control) => !control.disabled && !control.readOnly && control.type !== "hidden";
    const kinds = "[data-range-for], [data-at-range], select, [type=radio], [type=number]";
    const all = [...widget.querySelectorAll(kinds)];
    const control = all.filter(free)[number];
    if (!control) return false;
    if (control.type === "radio") control.click();
    else {
        if (control.type === "number") {
            const [value, low, high] = [control.value, control.min, control.max].map(Number);
            const step = control.step === "any" ? (high - low) / 10 : Number(control.step) || 1;
            control.value = String(value + step > high ? value - step : value + step);
        } else if (control.type === "range") {
            const middle = (Number(control.min) + Number(control.max)) / 2;
            control.value = Number(control.value) === middle ? control.max : String(middle);
        } else {
            const others = [...control.options].filter((one) => !one.disabled && !one.selected);
            if (others.length) control.value = others[0].value;
        }
        for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    return true;
}"""

TIMED = ("training_race", "pipeline_comparison")
"""figures of seconds, which every run measures anew"""

STATE = """(widget) => ({
    values: [...new FormData(widget.form)].filter(([name]) => !name.includes(".")),
    at: widget.figure.at,
    says: ["[data-title]", "[data-readout]", "[data-ask]"].map((part) => {
        const found = widget.querySelector(part);
        return found && !found.hidden && found.textContent.replace(/\\s+/g, " ").trim();
    }),
})"""


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


@pytest.mark.parametrize("name", WIDGETS)
def test_a_reload_from_disk_keeps_the_state_of_every_control(
    reader: Page, offline_copy: Path, name: str
) -> None:
    reader.goto(f"{offline_copy.as_uri()}/widgets/{name}.html")
    found = widget(reader, name)
    opened = found.evaluate(STATE)
    moved: list[bool] = []
    while found.evaluate(MOVE, len(moved)):
        settled(found)
        moved.append(found.evaluate(STATE) != opened)
    settled(found)
    # A drag writes the address after it has been drawn.
    reader.wait_for_function(
        "widget => (location.search || '') === widget.hereQuery()", arg=found.element_handle()
    )
    before = found.evaluate(STATE)
    assert any(moved) or not moved
    reader.reload()
    found = widget(reader, name)
    settled(found)
    after = found.evaluate(STATE)
    if name in TIMED:
        del before["says"], after["says"]
    assert after == before


def test_an_address_answers_a_question_at_the_end_of_a_section(
    reader: Page, offline_copy: Path
) -> None:
    """Its part of the quiz opens with a result of the whole sheet."""
    reader.goto(f"{offline_copy.as_uri()}/sections/reward-modeling.html?q_offset=rise")
    part = widget(reader, "quiz")
    expect(tally(part)).to_have_text("0 right of 1")
    reader.reload()
    expect(tally(widget(reader, "quiz"))).to_have_text("0 right of 1")


def test_where_an_address_cannot_follow_the_controls_still_work(
    reader: Page, offline_copy: Path
) -> None:
    reader.add_init_script(
        "history.replaceState = () => { throw new DOMException('Refused', 'SecurityError'); }"
    )
    reader.goto(f"{offline_copy.as_uri()}/widgets/reward_separation.html")
    found = widget(reader, "reward_separation")
    found.locator('[data-range-for="reward_chosen"]').press("ArrowLeft")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +2.9")
    found.locator("[data-settings] > summary").click()
    found.locator('[name="reward_chosen"]').fill("1")
    found.locator('[name="reward_chosen"]').press("Tab")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +1.0")
    expect(found.locator("[data-link=page]")).to_have_attribute(
        "href", re.compile("reward_chosen=1$")
    )
