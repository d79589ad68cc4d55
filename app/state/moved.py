"""Where the state of a figure is that has moved to another page since its address was given away."""

from __future__ import annotations

from app.content.sections import Chapter, chapter_of
from app.state.controls import query_string
from app.state.page import page_at
from app.state.place import address_names, parameter_names
from app.widgets.base import Widget
from app.widgets.registry import WIDGETS

MOVED = {"/sections/alignment-problem": "annotator", "/sections/dpo-loss": "bring_your_logps"}
"""the figure that left a page, by the path of that page"""


def moved(path: str, query: dict[str, str]) -> tuple[Chapter, str] | None:
    """The chapter that has a state which has moved, and the query string of it there; None if it has not.

    A name that figures which stayed have as well, such as ``beta``, does not say that the state of
    the one that moved is meant. An address that says the states of both leads to the one that moved:
    the labels that readers gave are work of theirs, while the handles of what stayed are soon set again.
    """
    page = page_at(path)
    if page is None or path not in MOVED:
        return None
    widget, chapter = WIDGETS[MOVED[path]], chapter_of(MOVED[path])
    own = address_names(widget)
    stayed = {name for one in page.figures for name in address_names(one)}
    if not query.keys() - stayed or query.keys() - stayed - own:
        return None
    beside = {
        field
        for name in chapter.widgets
        if name != widget.name
        for field in WIDGETS[name].params.model_fields
    }
    fields = parameter_names(widget)
    values: dict[str, str] = {}
    for name in sorted(filter(own.__contains__, query), key=lambda name: "." in name):
        field = fields.get(name)
        values[_name_there(widget, field, beside) if field else name] = query[name]
    return chapter, query_string(values)


def _name_there(widget: Widget, field: str, beside: set[str]) -> str:
    """The name that sets a parameter of this figure alone."""
    return f"{widget.name}.{field}" if field in beside else field
