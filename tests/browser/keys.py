"""The keyboard: what Tab reaches, and that the focus is visible."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

# Everything that Tab should reach, in order; of radio buttons with the same name only one.
NUMBER_STOPS = """() => {
    const stop = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const all = [...document.querySelectorAll(stop)]
        .filter((element) => element.checkVisibility() && element.tabIndex >= 0 && !element.disabled);
    const skipped = (element) => {
        if (element.type !== "radio") return false;
        const group = all.filter((one) => one.name === element.name && one.form === element.form);
        return element !== (group.find((one) => one.checked) ?? group[0]);
    };
    const stops = all.filter((element) => !skipped(element));
    stops.forEach((element, i) => { element.stop = i; });
    return stops.length;
}"""

FOCUSED = """() => {
    const element = document.activeElement;
    // The control behind a handle is seen as the ring around the knob.
    const isHandle = element.matches(".native");
    const ring = isHandle ? element.closest("dpo-widget").querySelector(".focus .ring") : null;
    const { outlineStyle, outlineWidth, opacity } = getComputedStyle(element);
    const { top, bottom, left, right } = (ring ?? element).getBoundingClientRect();
    const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && opacity === "1";
    return {
        stop: element.stop ?? null,
        what: element.outerHTML.slice(0, 120),
        visible: (ring ? getComputedStyle(ring).opacity === "1" : outlined) &&
            bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
    };
}"""


def press_tab(page: Page) -> Any:
    """The focused element after one more Tab; it is visible."""
    page.keyboard.press("Tab")
    focused = page.evaluate(FOCUSED)
    if not focused["what"].startswith("<body"):
        assert focused["visible"], focused
    return focused


def tab_to(page: Page, selector: str) -> Locator:
    """Press Tab until an element ahead has the focus."""
    for _ in range(150):
        press_tab(page)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return page.locator(":focus")
    raise AssertionError(f"Tab does not lead to {selector}")


def expect_tab_to_reach_everything(page: Page) -> None:
    """In order, and then out of the page or around to its beginning."""
    stops = page.evaluate(NUMBER_STOPS)
    assert stops > 3
    assert [press_tab(page)["stop"] for _ in range(stops)] == list(range(stops))
    assert press_tab(page)["stop"] in (None, 0)


def expect_first_stop_to_skip_to_the_content(page: Page) -> None:
    skip = page.locator("a[href]").first
    expect(skip).to_have_text("Skip to content")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    press_tab(page)
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
