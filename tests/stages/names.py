"""Where words stand in a drawing."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree

from app.charts.letters import width_of
from app.charts.stage_svg import svg

BACK = {"start": 0.0, "middle": 0.5, "end": 1.0}


def drawing(scene: Any, width: int, narrow: bool, at: int = 0) -> ElementTree.Element:
    """The SVG of a stage."""
    return ElementTree.fromstring(f"<svg>{svg(scene, width=width, narrow=narrow, at=at)}</svg>")


def expect_apart(drawn: ElementTree.Element, names: set[str], width: int, narrow: bool) -> None:
    """Names stand within the drawing and do not overlap."""
    size = 14 if narrow else 15
    boxes = {}
    for text in drawn.iter("text"):
        said = text.text or ""
        if said in names:
            long = width_of(said, size, bold=True)
            left = float(text.attrib["x"]) - BACK[text.attrib["text-anchor"]] * long
            boxes[said] = (left, left + long, float(text.attrib["y"]))
            assert left >= 0, said
            assert left + long <= width, said
    assert set(boxes) == names
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        beside = a[1] + 4 <= b[0] or b[1] + 4 <= a[0]
        assert beside or abs(a[2] - b[2]) >= size, (one, other, a, b)
