"""The vocabulary of a figure's stage: marks on panels, handles to drag, words that follow the drawing.

A stage is drawn at any width, by ``app/charts/stage_svg.py`` on the server and by ``static/stage.js`` in the
browser. So it holds no pixels from left to right, but shares: a point is ``[panel, x, y, dx, dy]``, with
shares of the panel from its left and its bottom, then pixels to the right and down. A value that depends on
the place of the scrub is ``{"at": [one for each place]}``; for texts alike there is ``by_place_filled``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.charts.curves import thinned

Mark = dict[str, Any]
StagePoint = list[float]
Role = Literal["ref", "true", "opt", "rej", "tmp", "ink", "mut"]
"""blue reference and reward, gold true quality, green optimized or chosen, red rejected or KL, violet beta"""
Only = Literal["", "wide", "narrow"]
Anchor = Literal["start", "middle", "end"]
Edge = float | tuple[float, float]
"""pixels from the edge of the drawing, or a share of its width and pixels to be added"""

SCALE = 4
"""decimals of a share: a tenth of a pixel"""


def by_place(values: Iterable[Any]) -> dict[str, list[Any]]:
    """A value for each place of the scrub."""
    return {"at": list(values)}


def by_place_filled(texts: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """A text for each place of the scrub: its form, and a word without spaces for each ``{}`` in it.

    Each form is sent once.
    """
    forms: dict[str, int] = {}
    at = [" ".join([str(forms.setdefault(form, len(forms))), *words]) for form, *words in texts]
    return {"forms": list(forms), "at": at}


@dataclass(frozen=True)
class Axis:
    """A scale from ``low`` to ``high``, which may be the larger one, and its bend, such as a logarithm."""

    low: float
    high: float
    bend: Callable[[float], float] = float

    def share(self, value: float) -> float:
        """Where a value lies: 0 at ``low``, 1 at ``high``."""
        low, high = self.bend(self.low), self.bend(self.high)
        return (self.bend(value) - low) / (high - low)


def log_axis(low: float, high: float) -> Axis:
    """A logarithmic axis."""
    return Axis(low, high, math.log)


def sqrt_axis(low: float, high: float) -> Axis:
    """An axis that gives more room to small values."""
    return Axis(low, high, math.sqrt)


@dataclass(frozen=True)
class Box:
    """Where a panel lies: pixels from the left and the right edge, and from the top to both its ends."""

    left: Edge
    right: Edge
    top: float
    bottom: float

    @property
    def json(self) -> list[float]:
        """Share and pixels of the left and of the right end, top and bottom."""
        left = self.left if isinstance(self.left, tuple) else (0, self.left)
        right = self.right if isinstance(self.right, tuple) else (1, -self.right)
        return [*left, *right, self.top, self.bottom]


Boxes = Box | dict[str, list[Box]]
"""a box, or one for each place of the scrub"""


def _boxes(value: Boxes) -> Any:
    if isinstance(value, Box):
        return value.json
    return by_place(box.json for box in value["at"])


def _rounded(value: float) -> float:
    return round(float(value), SCALE)


@dataclass
class Stage:
    """A drawing with its words; ``wide`` and ``narrow`` are its heights in pixels on such pages."""

    title: str
    wide: float
    narrow: float
    readout: str | dict[str, list[str]] = ""
    """markup, whose numbers carry roles: see ``number``; empty if the template and the script write it"""
    alt: str = ""
    asking_title: str = ""
    """the title while a question is open, if the other one gives the answer away"""
    places: int = 0
    """how many places the scrub has; 0 without one"""
    opens: int | None = None
    """the place that is shown if the reader has chosen none and no step says it; None: the last one"""
    known: int = -1
    """the last place that may be seen while a question is open; -1 for all"""
    after: dict[str, str] = field(default_factory=dict)
    """what is said of each answer to the step's question, before the readout, by its token"""
    more: dict[str, Any] = field(default_factory=dict)
    """what a figure's own template and script show beside the drawing"""
    panels: list[Panel] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    handles: list[dict[str, Any]] = field(default_factory=list)

    def panel(self, x: Axis, y: Axis, *, wide: Boxes, narrow: Boxes) -> Panel:
        """A new area with axes of its own; it zooms if its boxes depend on the place of the scrub."""
        made = Panel(self, len(self.panels), x, y, wide, narrow)
        self.panels.append(made)
        return made

    def handle(
        self,
        params: str | Sequence[str],
        at: StagePoint | dict[str, list[Any]] | None,
        role: Role | dict[str, list[Any]],
        track: Sequence[StagePoint],
        *,
        along: Literal["x", "y", "xy", "points"] = "x",
        span: tuple[float, float] | None = None,
        r: float = 10,
        grip: bool = True,
        only: Only = "",
    ) -> None:
        """A knob that moves a parameter, or several together; the scrub is named ``at``.

        Args:
            at: where the knob stands; None: at the point of the track for each place of the scrub
            track: points at equal steps of the control behind it, from its lowest to its highest position
            along: which coordinate of the pointer counts; "points": the knob goes to the point of the
                track that is nearest
            span: the part of the track, as shares of the control, that a pointer reaches; all without one
        """
        names = [params] if isinstance(params, str) else list(params)
        knob: Mark = {"params": names, "role": role, "track": list(track), "along": along}
        knob |= {"pt": at} if at else {}
        knob |= {"span": [_rounded(end) for end in span]} if span else {}
        knob |= {"r": r} if r != 10 else {}
        knob |= {} if grip else {"grip": 0}
        knob |= {"only": only} if only else {}
        self.handles.append(knob)

    def add(self, kind: str, css: str, only: Only = "", when: str = "", **about: Any) -> None:
        """Any mark; ``when`` is "asking" or "answered" for what is drawn only then."""
        mark: Mark = {"k": kind, "c": css, **about}
        self.marks.append(
            mark | ({"only": only} if only else {}) | ({"when": when} if when else {})
        )

    @property
    def json(self) -> dict[str, Any]:
        """The form that ``static/stage.js`` draws."""
        return {
            "title": self.title,
            "asking_title": self.asking_title or self.title,
            "alt": self.alt or self.title,
            "readout": self.readout,
            "height": [self.wide, self.narrow],
            "panels": [[_boxes(panel.wide), _boxes(panel.narrow)] for panel in self.panels],
            "marks": self.marks,
            "handles": self.handles,
            "places": self.places,
            "known": self.known,
            "after": self.after,
            "more": self.more,
            **({} if self.opens is None else {"opens": self.opens}),
        }


@dataclass
class Panel:
    """An area of a stage with two axes; all its methods add a mark."""

    stage: Stage
    number: int
    x: Axis
    y: Axis
    wide: Boxes
    narrow: Boxes

    def pt(self, x: float, y: float, dx: float = 0, dy: float = 0) -> StagePoint:
        """The point at two values, shifted by pixels."""
        return self.spot(self.x.share(x), self.y.share(y), dx, dy)

    def spot(self, across: float, up: float, dx: float = 0, dy: float = 0) -> StagePoint:
        """The point at two shares of the panel, shifted by pixels."""
        point = [self.number, _rounded(across), _rounded(up)]
        return [*point, dx, dy] if dx or dy else point

    def pts(self, xs: Iterable[float], ys: Iterable[float]) -> list[StagePoint]:
        """The points of a curve."""
        return [self.pt(x, y) for x, y in zip(xs, ys, strict=True)]

    def curve(
        self,
        xs: Iterable[float],
        ys: Iterable[float],
        css: str,
        *,
        cut: Literal["", "to", "from", "known"] | dict[str, list[int]] = "",
        thin: bool = True,
        clip: bool = True,
        free: bool = False,
        **how: Any,
    ) -> None:
        """A line through points, as far as it lies in the panel.

        Args:
            cut: draw it up to the scrub's place, from there on, or as far as is known while a question is
                open: then there is a point for each place; or up to a point, by its number, at each place
            thin: leave out points that change nothing to be seen
            free: names may stand on it
        """
        found = [(self.x.share(x), self.y.share(y)) for x, y in zip(xs, ys, strict=True)]
        if clip and not cut:
            found = inside(found)
        if thin and not cut:
            found = [
                (x / 1000, y / 500) for x, y in thinned([(1000 * x, 500 * y) for x, y in found])
            ]
        about: Mark = {
            "p": self.number,
            "x": [_rounded(x) for x, _ in found],
            "y": [_rounded(y) for _, y in found],
        }
        about |= {"cut": cut} if cut else {}
        about |= {"free": 1} if free else {}
        self.stage.add("curve", f"line {css}", **{**about, **how})

    def area(
        self,
        upper: list[StagePoint],
        lower: list[StagePoint],
        css: str,
        *,
        cut: bool = False,
        **how: Any,
    ) -> None:
        """The area between two lines of points, up to the scrub's place if it is ``cut``."""
        # The edges of an area are soft: half a pixel does.
        edges = [
            [[p, round(x, 3), round(y, 3), *d] for p, x, y, *d in side] for side in (upper, lower)
        ]
        about: Mark = {"a": edges[0], "b": edges[1]} | ({"cut": "to"} if cut else {})
        self.stage.add("area", css, **about, **how)

    def line(self, a: Any, b: Any, css: str, **how: Any) -> None:
        """A straight line between two points."""
        self.stage.add("line", css, a=a, b=b, **how)

    def drop(self, pt: Any, css: str, **how: Any) -> None:
        """A line from a point straight down to the axis."""
        self.stage.add("line", f"drop {css}", a=pt, **how)

    def arrow(self, a: Any, b: Any, css: str, fill: str, *, width: float = 2.5, **how: Any) -> None:
        """An arrow; it is left out below 6 pixels."""
        self.stage.add("arrow", css, a=a, b=b, f=fill, w=width, **how)

    def point(self, pt: Any, css: str, r: float = 8, **how: Any) -> None:
        """A point on a curve, with an edge in the color of the page."""
        self.stage.add("circle", f"point {css}", pt=pt, r=r, **how)

    def dots(
        self,
        pts: list[StagePoint] | dict[str, list[Any]],
        css: str,
        r: Any,
        *,
        cell: float = 0,
        **how: Any,
    ) -> None:
        """Many small circles alike.

        Args:
            r: a radius, or one for wide and one for narrow pages
            cell: share of the panel's width that a circle may take up; 0 for any
        """
        about: Mark = {"pts": pts, "r": r} | ({"cell": _rounded(cell)} if cell else {})
        self.stage.add("dots", css, **about, **how)

    def rect(self, a: Any, b: Any, css: str, *, rx: float = 0, **how: Any) -> None:
        """A rectangle between two corners."""
        self.stage.add("rect", css, a=a, b=b, rx=rx, **how)

    def path(self, pt: Any, d: str, css: str, **how: Any) -> None:
        """A path in pixels around a point."""
        self.stage.add("path", css, pt=pt, d=d, **how)

    def text(self, pt: Any, text: Any, css: str = "", anchor: Anchor = "start", **how: Any) -> None:
        """A text; ``_w`` in it is a subscript."""
        about = {"pt": pt, "t": text} | ({"anchor": anchor} if anchor != "start" else {})
        self.stage.add("text", css, **about, **how)

    def name(
        self,
        text: str,
        css: str,
        places: Sequence[tuple[StagePoint, Anchor]],
        *,
        maybe: bool = False,
        **how: Any,
    ) -> None:
        """The name of a curve, at the first of its places that nothing else runs through.

        Args:
            maybe: leave it out if there is none, instead of taking the least bad one
        """
        about: Mark = {"t": text, "places": [[*pt, *[0] * (5 - len(pt)), a] for pt, a in places]}
        about |= {"maybe": 1} if maybe else {}
        self.stage.add("name", f"lab {css}", **about, **how)

    def beside(
        self, text: str, css: str, pt: Any, sides: Sequence[tuple[float, float, Anchor]], **how: Any
    ) -> None:
        """The name of a point, at the first of its sides, in pixels, that nothing else runs through."""
        self.stage.add(
            "name", f"lab {css}", t=text, pt=pt, sides=[list(side) for side in sides], **how
        )

    # ---- axes ----------------------------------------------------------------------------------

    def y_grid(self, values: Iterable[float], write: Callable[[float], str], **how: Any) -> None:
        """Horizontal lines with their values at the left."""
        for value in values:
            share = self.y.share(value)
            self.line(self.spot(0, share), self.spot(1, share), "grid", **how)
            self.text(self.spot(0, share, -8, 4), write(value), "tick", "end", **how)

    def x_ticks(
        self, values: Iterable[float], write: Callable[[float], str], dy: float = 24, **how: Any
    ) -> None:
        """Values below the panel."""
        for value in values:
            self.text(
                self.spot(self.x.share(value), 0, 0, dy), write(value), "tick", "middle", **how
            )

    def track(self, up: float = 0, dy: float = 0, **how: Any) -> None:
        """The line along which a handle runs, at a share of the height."""
        self.line(self.spot(0, up, 0, dy), self.spot(1, up, 0, dy), "track", **how)


def inside(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The part of a line from its first to its last point in the panel, with ends on its edge."""
    within = [number for number, (_, y) in enumerate(points) if -1e-9 <= y <= 1 + 1e-9]
    if not within:
        return []
    first, last = within[0], within[-1]
    found = points[first : last + 1]
    if first > 0:
        found.insert(0, _crossing(points[first - 1], points[first]))
    if last + 1 < len(points):
        found.append(_crossing(points[last + 1], points[last]))
    return found


def _crossing(outside: tuple[float, float], inside: tuple[float, float]) -> tuple[float, float]:
    edge = 0.0 if outside[1] < 0 else 1.0
    part = (edge - inside[1]) / (outside[1] - inside[1])
    return inside[0] + part * (outside[0] - inside[0]), edge


def number(text: str, role: Role | Literal[""] = "") -> str:
    """A number in a readout, in the color of its role."""
    return f'<b class="c-{role}">{text}</b>' if role else f"<b>{text}</b>"
