"""Reads a chart that app/charts has drawn; positions are fractions of the plot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from xml.etree import ElementTree

from app.charts import svg
from app.charts.curves import UNITS_X, UNITS_Y

Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """A chart's elements, each with its classes and those of its ancestors."""

    elements: list[tuple[ElementTree.Element, frozenset[str]]]

    def found(self, *classes: str, tag: str = "") -> list[ElementTree.Element]:
        """Elements within all of these classes."""
        return [
            element
            for element, within in self.elements
            if within.issuperset(classes) and (not tag or element.tag == tag)
        ]

    def texts(self, *classes: str) -> list[str]:
        """The text within these classes."""
        return [element.text or "" for element in self.found(*classes, tag="text")]

    def marks(self, *classes: str) -> list[Point]:
        """The positions of the markers within these classes, from the left and from below."""
        places = [
            (element.get("cx", element.get("x")), element.get("cy", element.get("y")))
            for element, within in self.elements
            if within.issuperset({"points", *classes})
            and "legend" not in within
            and element.tag in ("circle", "svg")
        ]
        return [(share(x), 1 - share(y)) for x, y in places]

    def path(self, *classes: str) -> list[Point]:
        """The points of the only path within these classes, from the left and from below."""
        (element,) = self.found(*classes, tag="path")
        return points_of(element.attrib["d"])


def drawn(figure: dict[str, Any], label: str = "A chart") -> Drawn:
    """Draw a figure, and read the drawing."""
    elements: list[tuple[ElementTree.Element, frozenset[str]]] = []

    def walk(element: ElementTree.Element, outer: frozenset[str]) -> None:
        within = outer | frozenset((element.get("class") or "").split())
        elements.append((element, within))
        for child in element:
            walk(child, within)

    walk(ElementTree.fromstring(svg(figure, label)), frozenset())
    return Drawn(elements)


def share(percentage: str | None) -> float:
    """A percentage as a fraction."""
    assert percentage is not None
    assert percentage.endswith("%")
    return float(percentage[:-1]) / 100


def points_of(data: str) -> list[Point]:
    """The points of path data that starts at a point and continues in whole steps."""
    start, _, steps = data.rstrip("z").partition("l")
    numbers = [int(number) for number in re.findall(r"-?\d+", f"{start.removeprefix('M')} {steps}")]
    places = zip(accumulate(numbers[::2]), accumulate(numbers[1::2]), strict=True)
    return [(x / UNITS_X, 1 - y / UNITS_Y) for x, y in places]
