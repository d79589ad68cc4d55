"""What the accessibility tests share: the pages, a page that axe may be injected into, its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect

from app.sections import SECTIONS
from app.widgets.registry import WIDGETS

ERROR_PAGES = ["/sections/nowhere", "/sources?x=1"]
# The page with everything comes last: by then the runs that it shows have been made.
PAGES = [
    *("/", "/sources", "/symbols", "/docs", "/embed", *ERROR_PAGES),
    *(f"/sections/{section.slug}" for section in SECTIONS),
    *(f"/widgets/{name}" for name in WIDGETS),
    "/read",
]

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

PATIENCE = 60_000
"""milliseconds: a page may have to train first, on a busy machine"""

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# Every rule of axe is asked, those that are off by default and the experimental ones too, but for:
EXCLUDED = [
    # AAA of WCAG 1.4.6 asks for a contrast of 7; the site holds 4.5, the AA of 1.4.3.
    "color-contrast-enhanced",
    # AAA of WCAG 2.4.9 wants link texts that stand alone: "JSON" is explained by its widget.
    "identical-links-same-purpose",
    # Experimental. An equation that is wider than its column scrolls, so it has to be focusable; it
    # is a named group, because a landmark for each equation would bury the real landmarks.
    "focus-order-semantics",
]


@contextmanager
def open_page(browser: Browser, server: str) -> Iterator[Page]:
    """A page in a context of its own, without motion; its policy does not keep axe out."""
    context = browser.new_context(
        base_url=server, bypass_csp=True, reduced_motion="reduce", viewport=WIDE
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


def visit(page: Page, path: str) -> None:
    """Open a page and let its widgets come to life, charts included."""
    page.goto(path)
    for found in page.locator("dpo-widget").all():
        found.scroll_into_view_if_needed()
        expect(found).to_have_attribute("data-ready", "")
    expect_drawn(page)


def expect_drawn(page: Page) -> None:
    """Wait for Plotly to have drawn every visible chart."""
    for chart in page.locator(".chart:visible").all():
        expect(chart.locator("svg.main-svg").first).to_be_visible(timeout=PATIENCE)


def open_details(page: Page) -> None:
    """Unfold everything that can be unfolded."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def axe_finds(page: Page) -> list[str]:
    """Violations of any impact on the page as it is now, a line for each element."""
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=AXE)
    found: list[str] = page.evaluate(
        """async (excluded) => {
            const ids = axe.getRules().map(({ ruleId }) => ruleId);
            const rules = Object.fromEntries(ids.map((id) => [id, { enabled: !excluded.includes(id) }]));
            const { violations } = await axe.run(document, { rules, resultTypes: ["violations"] });
            return violations.flatMap(({ id, impact, nodes }) =>
                nodes.map((node) => `${id} (${impact}): ${node.target.join(" ")}: ${node.failureSummary}`),
            );
        }""",
        EXCLUDED,
    )
    return found
