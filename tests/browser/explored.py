"""What Details of a figure hold, put into a widget of any page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from app.web.templating import templates
from app.widgets.registry import WIDGETS


def details(name: str) -> str:
    """Details with the figure of a widget in its default state."""
    widget = WIDGETS[name]
    result: Any = widget.compute(widget.params())
    part: Any = templates.env.get_template("explore.html").make_module({})
    inside = part.explore("The figure") + part.data_table(result.figure, "The figure")
    return f'<details data-details class="of-test"><summary>Details</summary>{inside}</details>'


def open_with_details(page: Page, name: str) -> tuple[Locator, Locator]:
    """Open the page of a widget with these Details, and with no other chart that needs Plotly."""

    def served(route: Route) -> None:
        answer = route.fetch()
        html = answer.text().replace(" data-chart=", " data-no-chart=")
        html = html.replace("</dpo-widget>", f"{details(name)}</dpo-widget>")
        route.fulfill(response=answer, body=html)

    page.route(f"**/widgets/{name}", served)
    page.goto(f"/widgets/{name}")
    found = page.locator("dpo-widget")
    expect(found).to_have_attribute("data-ready", "")
    return found, found.locator(".of-test")
