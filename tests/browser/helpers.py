"""Helpers for widgets: scroll to one, wait for it, read it."""

from __future__ import annotations

from playwright.sync_api import JSHandle, Locator, Page, expect


def unfold(page: Page) -> None:
    """Open the folds that hold figures and passages of the text."""
    page.evaluate("for (const one of document.querySelectorAll('details.fold')) one.open = true")


def widget(page: Page, name: str) -> Locator:
    """A widget, unfolded, scrolled to, drawn by its script and filled with its run."""
    found = page.locator(f'dpo-widget[name="{name}"]')
    unfold(page)
    found.scroll_into_view_if_needed()
    expect(found).to_have_attribute("data-ready", "")
    expect(page.locator(".pending-note:visible")).to_have_count(0)
    return found


def field(found: Locator, path: str) -> Locator:
    """An output bound to a field of the result."""
    return found.locator(f'[data-field="{path}"]').first


def record_texts(found: Locator, selector: str) -> JSHandle:
    """Every text that an element shows from now on, however briefly: `.json_value()` is the list."""
    return found.evaluate_handle(
        """(widget, selector) => {
            const texts = [];
            const element = widget.querySelector(selector);
            new MutationObserver(() => texts.push(element.textContent)).observe(element, { childList: true });
            return texts;
        }""",
        selector,
    )


def record_most(found: Locator, selector: str) -> JSHandle:
    """The most elements of a kind that are there at once from now on: `.json_value()["most"]`."""
    return found.evaluate_handle(
        """(widget, selector) => {
            const seen = { most: 0 };
            const count = () => {
                seen.most = Math.max(seen.most, widget.querySelectorAll(selector).length);
            };
            new MutationObserver(count).observe(widget, { childList: true, subtree: true });
            return seen;
        }""",
        selector,
    )


def set_slider(found: Locator, name: str, position: str) -> None:
    """Move a range input as a reader would, by its value and an input event."""
    found.locator(f'[data-range-for="{name}"]').fill(position)


def settled(found: Locator) -> None:
    """Wait until the result of the controls is shown and the drawing rests."""
    found.page.wait_for_function(
        "({ figure }) => !figure.late && !figure.moves", arg=found.element_handle()
    )
