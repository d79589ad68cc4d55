"""Pages that can be embedded and that have a card of their own: home, sections, widgets alone."""

from __future__ import annotations

from dataclasses import dataclass

from app.content.sections import Section, section_by_slug, section_of
from app.widgets.registry import WIDGETS

SITE = "DPO Explained"
HOME_TITLE = "Direct Preference Optimization, explained and computed"


@dataclass(frozen=True)
class Place:
    """One such page, without its state."""

    path: str
    title: str
    card: str
    """the name of its image"""
    section: Section | None = None
    widget: str | None = None

    @property
    def widgets(self) -> tuple[str, ...]:
        """The widgets on it, whose parameters its address may have."""
        if self.widget is not None:
            return (self.widget,)
        return self.section.widgets if self.section is not None else ()


HOME = Place("/", HOME_TITLE, "home")


def place_at(path: str) -> Place | None:
    """The page at a path below the root of the site, or None."""
    if path == "/":
        return HOME
    kind, _, name = path.removeprefix("/").partition("/")
    if kind == "widgets" and name in WIDGETS:
        return widget_place(name)
    section = section_by_slug(name) if kind == "sections" else None
    return section_place(section) if section is not None else None


def widget_place(name: str) -> Place:
    """The page of a widget alone. Raises KeyError if there is no such widget."""
    title = WIDGETS[name].title
    return Place(f"/widgets/{name}", title, name, section_of(name), name)


def section_place(section: Section) -> Place:
    """The page of a section."""
    title = f"{section.numeral}. {section.title}"
    return Place(f"/sections/{section.slug}", title, f"sections/{section.slug}", section)
