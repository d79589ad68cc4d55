"""Stages as SVG. ``static/stage.js`` draws the same, element for element; a test compares the two."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from app.charts.letters import width_of

Scene = dict[str, Any]
"""the JSON of a ``Stage``"""
PixelPoint = tuple[float, float]

WIDE, NARROW = 870, 358
"""widths in pixels that pages usually have room for"""
NAME, TEXT = (15, 14), (13.5, 13)
"""sizes of names and of other words, on wide and on narrow pages"""


@dataclass
class Node:
    """An SVG element; ``text`` may have subscripts."""

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    @property
    def markup(self) -> Markup:
        inside = Markup("").join(child.markup for child in self.children)
        if self.text:
            inside = Markup("").join(_with_subscripts(self.text))
        given = Markup("").join(
            Markup(' {}="{}"').format(*pair) for pair in self.attributes.items()
        )
        return Markup("<{0}{1}>{2}</{0}>").format(self.tag, given, inside)


def svg(
    scene: Scene,
    *,
    width: float = WIDE,
    narrow: bool = False,
    at: int = 0,
    asking: bool = False,
    held: Collection[str] = (),
) -> Markup:
    """The elements inside a stage's SVG.

    Args:
        width: of the drawing in pixels
        at: the place of the scrub
        asking: whether a question is open, whose answer is not drawn
        held: parameters that the reader cannot change, whose handles lie still
    """
    drawing = _Drawing(scene, width, narrow, at, asking, held)
    return Markup("").join(node.markup for node in drawing.nodes())


def resolved(value: Any, at: int) -> Any:
    """A value at a place of the scrub."""
    if isinstance(value, dict) and "at" in value:
        values = value["at"]
        found = values[max(0, min(at, len(values) - 1))]
        if "forms" not in value:
            return found
        form, *words = found.split(" ")
        return value["forms"][int(form)].format(*words)
    return value


def _written(value: float) -> str:
    """A length to a tenth of a pixel."""
    return f"{math.floor(value * 10 + 0.5) / 10 + 0.0:g}"


def _with_subscripts(text: str) -> Iterator[Markup]:
    for number, part in enumerate(re.split(r"_(\w)(?!\w)", text)):
        if number % 2:
            yield Markup('<tspan dy="3" font-size="78%">{}</tspan>').format(part)
        elif number and part:
            yield Markup('<tspan dy="-3">{}</tspan>').format(part)
        elif part:
            yield Markup("{}").format(part)


def _joined(points: Iterable[PixelPoint]) -> str:
    return "L".join(f"{_written(x)} {_written(y)}" for x, y in points)


class _Drawing:
    def __init__(
        self, scene: Scene, width: float, narrow: bool, at: int, asking: bool, held: Collection[str]
    ) -> None:
        self.scene, self.width, self.asking, self.held = scene, width, asking, held
        self.which = int(narrow)
        known = scene["known"]
        self.at = min(at, known) if asking and known >= 0 else at
        self.busy: list[PixelPoint] = []

    def nodes(self) -> list[Node]:
        names, drawn = [], []
        for mark in self.scene["marks"]:
            if not self._shown(mark):
                continue
            if mark["k"] == "name":
                names.append(mark)
            else:
                drawn += getattr(self, "_" + mark["k"])(mark)
        knobs = [
            self._knob(number, handle)
            for number, handle in enumerate(self.scene["handles"])
            if self._shown(handle)
        ]
        return [*drawn, *(node for mark in names for node in self._name(mark)), *knobs]

    def _shown(self, mark: Scene) -> bool:
        only, when = mark.get("only"), mark.get("when")
        if only and only != ("wide", "narrow")[self.which]:
            return False
        return not when or (when == "asking") == self.asking

    def px(self, pt: Any) -> PixelPoint:
        """A point in pixels."""
        panel, x, y, *shift = resolved(pt, self.at)
        ls, lp, _, _, top, bottom = resolved(self.scene["panels"][panel][self.which], self.at)
        dx, dy = shift or (0, 0)
        left = ls * self.width + lp
        return left + x * self._across(panel) + dx, bottom - y * (bottom - top) + dy

    def _foot(self, pt: Any) -> Any:
        """The point of the axis below a point."""
        return [*resolved(pt, self.at)[:2], 0]

    def _across(self, panel: int) -> float:
        """Width of a panel in pixels."""
        ls, lp, rs, rp, _, _ = resolved(self.scene["panels"][panel][self.which], self.at)
        return float(rs * self.width + rp - ls * self.width - lp)

    # ---- what names keep off -------------------------------------------------------------------

    def _keep(self, points: list[PixelPoint]) -> None:
        self.busy += points[:1]
        for (x0, y0), (x, y) in pairwise(points):
            count = math.ceil(math.sqrt((x - x0) ** 2 + (y - y0) ** 2) / 5) or 1
            self.busy += [
                (x0 + (x - x0) * k / count, y0 + (y - y0) * k / count) for k in range(1, count + 1)
            ]

    def _keep_box(self, x: float, y: float, width: float, height: float) -> None:
        self.busy += [
            (x + min(8 * i, width), y + min(8 * j, height))
            for i in range(math.ceil(width / 8) + 1)
            for j in range(math.ceil(height / 8) + 1)
        ]

    def _box(self, text: str, x: float, y: float, anchor: str, name: bool) -> tuple[float, ...]:
        size = (NAME if name else TEXT)[self.which]
        width = width_of(text, size, name)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        return left, y - 0.8 * size, width, 1.05 * size

    # ---- marks ---------------------------------------------------------------------------------

    def _line(self, mark: Scene) -> list[Node]:
        (x1, y1), (x2, y2) = self.px(mark["a"]), self.px(mark.get("b") or self._foot(mark["a"]))
        if "grid" not in mark["c"]:
            self._keep([(x1, y1), (x2, y2)])
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        return [Node("line", {"class": mark["c"], **{k: _written(v) for k, v in ends.items()}})]

    def _curve(self, mark: Scene) -> list[Node]:
        xs, ys = resolved(mark["x"], self.at), resolved(mark["y"], self.at)
        points = [self.px((mark["p"], x, y)) for x, y in zip(xs, ys, strict=True)]
        points = self._cut(points, mark.get("cut"))
        if len(points) < 2:
            return []
        if not mark.get("free"):
            self._keep(points)
        return [Node("path", {"class": mark["c"], "d": "M" + _joined(points)})]

    def _cut(self, points: list[Any], cut: Any) -> list[Any]:
        cut = resolved(cut, self.at)
        if isinstance(cut, int):
            return points[: cut + 1]
        if cut == "to":
            return points[: self.at + 1]
        if cut == "from":
            return points[self.at :]
        if cut == "known" and self.asking and self.scene["known"] >= 0:
            return points[: self.scene["known"] + 1]
        return points

    def _area(self, mark: Scene) -> list[Node]:
        a, b = (
            [self.px(pt) for pt in self._cut(resolved(mark[side], self.at), mark.get("cut"))]
            for side in ("a", "b")
        )
        if len(a) + len(b) < 3:
            return []
        return [Node("path", {"class": mark["c"], "d": f"M{_joined([*a, *reversed(b)])}z"})]

    def _arrow(self, mark: Scene) -> list[Node]:
        (x1, y1), (x2, y2) = self.px(mark["a"]), self.px(mark["b"])
        long = math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2)
        if long < 6:
            return []
        self._keep([(x1, y1), (x2, y2)])
        width = mark["w"]
        head = min(2 * width + 5, long)
        ux, uy = (x2 - x1) / long, (y2 - y1) / long
        bx, by, half = x2 - ux * head, y2 - uy * head, head * 0.62
        tip = [(x2, y2), (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half)]
        shaft = {
            "class": f"shaft {mark['c']}",
            "stroke-width": f"{width:g}",
            "x1": _written(x1),
            "y1": _written(y1),
            "x2": _written(bx + ux),
            "y2": _written(by + uy),
        }
        return [
            Node("line", shaft),
            Node("path", {"class": mark["f"], "d": f"M{_joined(tip)}z"}),
        ]

    def _circle(self, mark: Scene) -> list[Node]:
        x, y = self.px(mark["pt"])
        r = self._either(mark["r"])
        self._keep_box(x - r, y - r, 2 * r, 2 * r)
        return [self._circle_at(x, y, r, mark["c"])]

    def _dots(self, mark: Scene) -> list[Node]:
        pts = resolved(mark["pts"], self.at)
        r = self._either(mark["r"])
        if "cell" in mark and pts:
            r = min(r, math.floor(5 * mark["cell"] * self._across(pts[0][0]) + 0.5) / 10)
        found = []
        for pt in pts:
            x, y = self.px(pt)
            found.append(self._circle_at(x, y, r, mark["c"]))
        return found

    def _either(self, value: Any) -> float:
        """A value that may differ between wide and narrow pages."""
        return float(value[self.which] if isinstance(value, list) else value)

    def _circle_at(self, x: float, y: float, r: float, css: str) -> Node:
        return Node("circle", {"class": css, "cx": _written(x), "cy": _written(y), "r": f"{r:g}"})

    def _rect(self, mark: Scene) -> list[Node]:
        (x1, y1), (x2, y2) = self.px(mark["a"]), self.px(mark["b"])
        sides = {
            "x": min(x1, x2),
            "y": min(y1, y2),
            "width": abs(x2 - x1),
            "height": abs(y2 - y1),
            "rx": mark.get("rx", 0),
        }
        return [Node("rect", {"class": mark["c"], **{k: _written(v) for k, v in sides.items()}})]

    def _path(self, mark: Scene) -> list[Node]:
        x, y = self.px(mark["pt"])
        place = f"translate({_written(x)} {_written(y)})"
        return [
            Node(
                "path", {"class": mark["c"], "d": resolved(mark["d"], self.at), "transform": place}
            )
        ]

    def _text(self, mark: Scene) -> list[Node]:
        text, (x, y) = str(resolved(mark["t"], self.at)), self.px(mark["pt"])
        if not text:
            return []
        anchor = mark.get("anchor", "start")
        self._keep_box(*self._box(text, x, y, anchor, "lab" in mark["c"]))
        return [self._text_at(text, x, y, anchor, mark["c"])]

    def _text_at(self, text: str, x: float, y: float, anchor: str, css: str) -> Node:
        given = {"class": css, "x": _written(x), "y": _written(y), "text-anchor": anchor}
        return Node("text", given, text=text)

    def _name(self, mark: Scene) -> list[Node]:
        text = str(resolved(mark["t"], self.at))
        if not text:
            return []
        least = math.inf
        for *pt, anchor in self._places(mark):
            x, y = self.px(pt)
            left, top, width, height = self._box(text, x, y, anchor, True)
            out = left < 0 or left + width > self.width or top < 0
            crossed = 99 * out + sum(
                left - 4 < bx < left + width + 4 and top - 2 < by < top + height + 2
                for bx, by in self.busy
            )
            if crossed < least:
                least, best = crossed, (x, y, anchor)
            if not crossed:
                break
        if mark.get("maybe") and least:
            return []
        x, y, anchor = best
        self._keep_box(*self._box(text, x, y, anchor, True))
        return [self._text_at(text, x, y, anchor, mark["c"])]

    def _places(self, mark: Scene) -> list[Any]:
        """Where a name may stand: at given places, or at the sides of a point."""
        if "pt" not in mark:
            return list(resolved(mark["places"], self.at))
        pt = resolved(mark["pt"], self.at)
        return [[*pt[:3], *side] for side in mark["sides"]]

    # ---- handles -------------------------------------------------------------------------------

    def _knob(self, number: int, handle: Scene) -> Node:
        x, y = self.px(handle.get("pt") or {"at": handle["track"]})
        self._keep_box(x - 12, y - 12, 24, 24)
        role, r = resolved(handle["role"], self.at), handle.get("r", 10)
        lies = self.asking or any(name in self.held for name in handle["params"])
        circles = [] if lies else [("22", f"halo f-{role}")]
        circles += [(f"{r + 5:g}", "ring"), (f"{r:g}", f"knob f-{role}")]
        inside = [Node("circle", {"class": css, "r": size}) for size, css in circles]
        if handle.get("grip", 1):
            inside += [
                Node("line", {"class": "grip", "x1": d, "y1": "-3.6", "x2": d, "y2": "3.6"})
                for d in ("-2.6", "2.6")
            ]
        place = {"transform": f"translate({_written(x)} {_written(y)})"}
        css = "handle still" if lies else "handle"
        return Node("g", {"class": css, "data-h": str(number), **place}, inside)
