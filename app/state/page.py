"""Pages with a preview card (home, sections, appendices, single widgets), and their state in the URL."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from app.content.sections import CHAPTERS, Chapter, chapter_of
from app.state.controls import query_string
from app.state.flags import NAMES, NO_FLAGS, Flags, flags_of
from app.state.place import place_names
from app.state.query import query_of, refuse_unknown
from app.state.together import states_of
from app.state.widget_state import WidgetState, state_of
from app.widgets.base import Widget
from app.widgets.hero import HERO
from app.widgets.quiz.parts import part_of
from app.widgets.registry import WIDGETS

SITE = "DPO Explained"
HOME_TITLE = "Direct Preference Optimization, explained and computed"


@dataclass(frozen=True)
class Page:
    """A page without its state."""

    path: str
    title: str
    card: str
    """the name of its preview image"""
    chapter: Chapter | None = None
    """the section or appendix that it shows, or that has its widget"""
    widget: str | None = None

    @property
    def widgets(self) -> tuple[str, ...]:
        """The widgets that belong to the page."""
        if self.widget is not None:
            return (self.widget,)
        return self.chapter.widgets if self.chapter is not None else ()

    @property
    def figures(self) -> tuple[Widget, ...]:
        """The widgets on the page, with the part of the quiz at its end, or the figure of the home page."""
        if self.path == "/":
            return (HERO,)
        part = part_of(self.chapter.slug) if self.chapter and not self.widget else None
        return tuple(WIDGETS[name] for name in self.widgets) + ((part,) if part else ())


HOME = Page("/", HOME_TITLE, "home")


def page_at(path: str) -> Page | None:
    """The page at a path below the root of the site, or None."""
    if path == "/":
        return HOME
    name = path.removeprefix("/widgets/")
    if name != path and name in WIDGETS:
        return widget_page(name)
    found = next((chapter for chapter in CHAPTERS if chapter.path == path), None)
    return chapter_page(found) if found is not None else None


def widget_page(name: str) -> Page:
    """The page of a single widget. Raises KeyError if there is no such widget."""
    title = WIDGETS[name].title
    return Page(f"/widgets/{name}", title, name, chapter_of(name), name)


def chapter_page(chapter: Chapter) -> Page:
    """The page of a section or of an appendix."""
    return Page(chapter.path, chapter.name, chapter.path.removeprefix("/"), chapter)


@dataclass(frozen=True)
class PageState:
    """The state of each figure on a page, by name, and the flags of the page."""

    states: dict[str, WidgetState]
    flags: Flags

    @property
    def main(self) -> str:
        """The first figure that is not in its default state, or else the first."""
        changed = (name for name, state in self.states.items() if state.card_values)
        return next(changed, next(iter(self.states)))

    @property
    def card_query(self) -> str:
        """The state of all figures as a query string, without the flags, which a card does not show."""
        values: dict[str, str] = {}
        for state in self.states.values():
            values |= state.card_values
        return query_string(values)


def page_state(request: Request, page: Page) -> PageState:
    """The state of a page in the query of a request, read without computing anything.

    Raises:
        InvalidParams: the page would refuse the query
    """
    query = query_of(request)
    if page.widget is None:
        states = states_of(page.figures, query)
        return PageState({state.widget.name: state for state in states}, NO_FLAGS)
    widget = WIDGETS[page.widget]
    fields = widget.params.model_fields
    refuse_unknown(query, {*fields, *place_names(widget, alone=True), *NAMES})
    flags = flags_of(query, fields)
    return PageState({widget.name: state_of(widget, query, flags, alone=True)}, flags)
