"""Helpers for the quiz, which shows one question at a time."""

from __future__ import annotations

from playwright.sync_api import Locator

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
