"""The stages of figures: what is drawn and said for a widget's parameters and result.

Each module N has ``stage(params, result)``, which returns a ``Stage``, and may name fields of the result that
no page shows in ``LEAVE_OUT``; as a mapping it can name fields of a list's entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from app.charts.stage_svg import Scene
from app.widgets.base import Widget, WidgetParams, WidgetResult


@cache
def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


def scene(widget: Widget, params: WidgetParams, result: WidgetResult) -> Scene:
    """The JSON of a widget's stage in one state."""
    made: Scene = _module(widget.name).stage(params, result).json
    return made


def page_values(widget: Widget, params: WidgetParams, result: WidgetResult) -> dict[str, Any]:
    """A result as pages have it: with its stage, without the Plotly figure, which they fetch if asked."""
    left_out = getattr(_module(widget.name), "LEAVE_OUT", ())
    unshown = left_out if isinstance(left_out, dict) else dict.fromkeys(left_out, True)
    return result.model_dump(mode="json", exclude={"figure": True, **unshown}) | {
        "scene": scene(widget, params, result)
    }


def figures(result: WidgetResult) -> dict[str, Any]:
    """The Plotly figures of a result by the name of their field."""
    return {
        name: value
        for name, value in result
        if isinstance(value, dict) and value.keys() == {"data", "layout"}
    }


def share_marks(values: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results whose marks are 0 where they equal those of the one before; ``static/ranges.js`` undoes it."""
    found: list[dict[str, Any]] = []
    before: Scene = {}
    for value in values:
        scene: Scene | None = value.get("scene")
        if scene and before:
            value = value | {"scene": _changed(scene, before)}
        found.append(value)
        before = scene or {}
    return found


def _changed(scene: Scene, before: Scene) -> Scene:
    """What of a scene differs from another one."""
    kept = {
        key: part
        for key, part in scene.items()
        if key not in ("panels", "more", "after") or part != before[key]
    }
    for part in ("marks", "handles"):
        if len(scene[part]) == len(before[part]):
            pairs = zip(scene[part], before[part], strict=True)
            kept[part] = [0 if mark == same else mark for mark, same in pairs]
    return kept
