"""All widgets by name, in the order of the sections and appendices: whatever app/content/sections.py lists."""

from __future__ import annotations

from importlib import import_module

from app.content.sections import CHAPTERS
from app.widgets.base import Widget


def _load(name: str) -> Widget:
    """The ``WIDGET`` of app/widgets/N.py, or of app/widgets/N/widget.py where a widget is a folder."""
    module = import_module(f"app.widgets.{name}")
    if hasattr(module, "__path__"):
        module = import_module(f"app.widgets.{name}.widget")
    widget: Widget = module.WIDGET
    return widget


WIDGETS = {name: _load(name) for chapter in CHAPTERS for name in chapter.widgets}
