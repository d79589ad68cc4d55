"""Helpers for the quiz, which shows one question at a time."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

NUMBER = "(widget, id) => widget.result.questions.findIndex((one) => one.id === id) + 1"


def question(found: Locator, name: str) -> Locator:
    """A question, shown from now on; the page has to be wide, since phones have no buttons for that."""
    found.locator(f'[data-dot="{found.evaluate(NUMBER, name)}"] button').click()
    return found.locator(f'[data-question="{name}"]')


def shown(found: Locator) -> Locator:
    """The question that is shown."""
    return found.locator("[data-question][data-shown]")


def readout(found: Locator) -> Locator:
    """What is said of the answer to the question that is shown."""
    return found.locator("[data-readout]")


def tally(found: Locator) -> Locator:
    """How many of the answers are right: ``3 right of 6``."""
    return found.locator("[data-result-state]")


def press(found: Locator, name: str) -> None:
    """Press a button that Details hold."""
    found.evaluate("widget => { widget.querySelector('[data-details]').open = true; }")
    found.get_by_role("button", name=name).click()


def answer_all(found: Locator) -> int:
    """Answer every question that has no answer somehow; returns how many questions there are."""
    total = found.locator("[data-question]").count()
    assert total > 10
    for number in range(1, total + 1):
        found.locator(f'[data-dot="{number}"] button').click()
        if shown(found).get_attribute("data-verdict") == "open":
            option = shown(found).get_by_role("radio").first
            if option.count():
                option.check()
            else:
                box = shown(found).get_by_role("textbox")
                box.fill("7")
                box.press("Enter")
        expect(readout(found)).to_contain_text(re.compile("^(Right|Not right)"))
    return total


def score_of(found: Locator) -> int:
    """How many answers are right, as the page says it."""
    right, of, _answered = (tally(found).text_content() or "").partition(" right of ")
    assert of
    return int(right)
