"""The content of a page's card in the state of the page."""

from __future__ import annotations

from markupsafe import Markup

from app import stages
from app.charts.stage_svg import resolved
from app.content.sections import SECTIONS
from app.embedding.cards.drawing import Card, Shown
from app.runs.memo import Memo
from app.state.page import HOME_TITLE, Page, PageState
from app.state.widget_state import WidgetState
from app.widgets.base import WidgetResult
from app.widgets.hero import HERO


async def card_of(page: Page, state: PageState, memo: Memo) -> Card:
    """The card of a page, with the result of its main widget."""
    if page.chapter is None:
        return home_card(state.states[HERO.name])
    shown = state.states[state.main]
    widget = shown.widget
    result = await memo.result(widget, shown.params)
    stage = shown_stage(shown, result)
    title = widget.title
    if stage:
        title = stage.scene["asking_title" if stage.asking else "title"]
    finding = _words(shown, stage) if stage else result.finding
    if page.widget is None:
        # In its default state it shows what it promises, in others the widget's finding.
        text = finding if shown.card_values else page.chapter.promise
        return Card(page.chapter.kind, page.chapter.title, text, stage)
    text = finding if stage else f"{finding} {widget.caption}"
    return Card(page.chapter.name, title, text, stage)


def shown_stage(state: WidgetState, result: WidgetResult) -> Shown | None:
    """The stage of a widget at the place of its page; None for a widget without a drawing."""
    scene = stages.scene(state.widget, state.params, result)
    if not scene["marks"]:
        return None
    at = max(0, scene["places"] - 1) if state.at is None else state.at
    return Shown(scene, at, state.asking)


def _words(state: WidgetState, stage: Shown) -> str:
    """What the page says below the stage: the question, or the readout."""
    if stage.asking and state.ask:
        *others, last = state.ask.choices.values()
        return f"{state.ask.question} {', '.join(others)} or {last}?"
    return Markup(resolved(stage.scene["readout"], stage.at)).striptags()


def home_card(state: WidgetState) -> Card:
    """The card of the home page: the recorded runs below the frontier."""
    text = (
        f"An interactive explainer in {len(SECTIONS)} sections, whose lab is computed by PyTorch."
    )
    stage = shown_stage(state, HERO.compute(state.params))
    return Card("Interactive explainer", HOME_TITLE, text, stage)
