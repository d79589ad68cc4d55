"""Pages with a preview card (home, sections and single widgets), and their state in the URL."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from app.content.sections import Section, section_by_slug, section_of
from app.state.controls import non_defaults_of, query_string
from app.state.flags import NAMES, NO_FLAGS, Flags, flags_of
from app.state.query import params_of, query_of, refuse_unknown
from app.widgets.base import WidgetParams
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
    section: Section | None = None
    widget: str | None = None

    @property
    def widgets(self) -> tuple[str, ...]:
        """The widgets on the page, whose parameters its URL may have."""
        if self.widget is not None:
            return (self.widget,)
        return self.section.widgets if self.section is not None else ()


HOME = Page("/", HOME_TITLE, "home")


def page_at(path: str) -> Page | None:
    """The page at a path below the root of the site, or None."""
    if path == "/":
        return HOME
    kind, _, name = path.removeprefix("/").partition("/")
    if kind == "widgets" and name in WIDGETS:
        return widget_page(name)
    section = section_by_slug(name) if kind == "sections" else None
    return section_page(section) if section is not None else None


def widget_page(name: str) -> Page:
    """The page of a single widget. Raises KeyError if there is no such widget."""
    title = WIDGETS[name].title
    return Page(f"/widgets/{name}", title, name, section_of(name), name)


def section_page(section: Section) -> Page:
    """The page of a section."""
    title = f"{section.numeral}. {section.title}"
    return Page(f"/sections/{section.slug}", title, f"sections/{section.slug}", section)


@dataclass(frozen=True)
class PageState:
    """The parameters of each widget on a page, and the flags of the page."""

    params: dict[str, WidgetParams]
    flags: Flags

    @property
    def main(self) -> str | None:
        """The first widget with parameters that differ from their defaults, or else the first."""
        changed = (name for name, params in self.params.items() if non_defaults_of(params))
        return next(changed, next(iter(self.params), None))

    @property
    def card_query(self) -> str:
        """The state of all widgets as a query string, without the flags, which a card does not show."""
        values: dict[str, str] = {}
        for params in self.params.values():
            values |= non_defaults_of(params)
        return query_string(values)


def page_state(request: Request, page: Page) -> PageState:
    """The state of a page in the query of a request, read without computing anything.

    Raises:
        InvalidParams: the page would refuse the query
    """
    flagged = page.widget is not None
    query = query_of(request)
    widgets = [WIDGETS[name] for name in page.widgets]
    known = {field for widget in widgets for field in widget.params.model_fields}
    refuse_unknown(query, known | set(NAMES) if flagged else known)
    flags = flags_of(query, widgets[0].params.model_fields) if flagged else NO_FLAGS
    return PageState({widget.name: params_of(widget, query) for widget in widgets}, flags)
