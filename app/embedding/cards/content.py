"""The content of a page's card in the state of the page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.charts.figures import curve_figure, line, marker
from app.content.sections import SECTIONS
from app.embedding.cards.drawing import Card
from app.runs.memo import Memo
from app.state.page import HOME_TITLE, Page, PageState
from app.studies.home_run import load_recorded_run


async def card_of(page: Page, state: PageState, memo: Memo) -> Card:
    """The card of a page, with the result of its main widget."""
    if page.section is None:
        return home_card()
    shown = state.states[state.main]
    widget = shown.widget
    result = await memo.result(widget, shown.params)
    figure: dict[str, Any] | None = getattr(result, "figure", None)
    section = f"{page.section.numeral}. {page.section.title}"
    if page.widget is None:
        # In its default state a section shows what it promises, in others the widget's finding.
        text = result.finding if shown.card_values else page.section.promise
        return Card(f"Section {page.section.numeral}", page.section.title, text, figure)
    text = result.finding if figure else f"{result.finding} {widget.caption}"
    return Card(section, widget.title, text, figure)


@lru_cache(maxsize=1)
def home_card() -> Card:
    """The card of the home page: the recorded run below the frontier."""
    run = load_recorded_run()
    figure = curve_figure(
        [
            line(
                "frontier of π*, exact",
                [point.kl for point in run.frontier],
                [point.true_quality for point in run.frontier],
                role="reference",
            ),
            line(
                "PPO",
                [point.kl for point in run.path],
                [point.true_quality for point in run.path],
                role="rejected",
            ),
            marker("peak", run.peak.kl, run.peak.true_quality, role="true", named=True),
        ],
        x="KL from the reference (nats)",
        y="true quality",
    )
    text = (
        f"An interactive explainer in {len(SECTIONS)} sections, whose lab is computed by PyTorch."
    )
    return Card("Interactive explainer", HOME_TITLE, text, figure)
