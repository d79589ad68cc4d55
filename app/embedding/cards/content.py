"""What the card of a page says, in the state of the page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.charts.figures import curve_figure, line, marker
from app.content.sections import SECTIONS
from app.embedding.cards.drawing import Card
from app.runs.memo import Memo
from app.state.page_state import PageState, changes
from app.state.places import HOME_TITLE, Place
from app.studies.home_run import recorded
from app.widgets.registry import WIDGETS


async def card_of(place: Place, state: PageState, memo: Memo) -> Card:
    """The card of a page; computes what its main widget shows."""
    name = state.main
    if place.section is None or name is None:
        return home_card()
    widget = WIDGETS[name]
    result = await memo.result(widget, state.params[name])
    figure: dict[str, Any] | None = getattr(result, "figure", None)
    section = f"{place.section.numeral}. {place.section.title}"
    if place.widget is None:
        # A section in its first state says what it is about, in another what that shows.
        text = result.finding if changes(state.params[name]) else place.section.promise
        return Card(f"Section {place.section.numeral}", place.section.title, text, figure)
    text = result.finding if figure else f"{result.finding} {widget.caption}"
    return Card(section, widget.title, text, figure)


@lru_cache(maxsize=1)
def home_card() -> Card:
    """The card of the site: its recorded run under the frontier."""
    run = recorded()
    figure = curve_figure(
        [
            line(
                "frontier of π*, exact",
                [place.kl for place in run.frontier],
                [place.true_quality for place in run.frontier],
                role="reference",
            ),
            line(
                "PPO",
                [place.kl for place in run.path],
                [place.true_quality for place in run.path],
                role="rejected",
            ),
            marker("peak", run.peak.kl, run.peak.true_quality, role="true", named=True),
        ],
        x="KL from the reference (nats)",
        y="true quality",
    )
    text = f"An interactive explainer in {len(SECTIONS)} sections. Every number is computed by PyTorch."
    return Card("Interactive explainer", HOME_TITLE, text, figure)
