"""A figure as standalone SVG: what app/charts draws, at a fixed size and with its styles inlined.

On a page, curves are stretched over the plot while their strokes keep their width. Renderers of plain SVG
stretch the strokes too, so here the view box of curves gets the aspect ratio of the plot.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from app.charts import svg
from app.charts.curves import UNITS_X, UNITS_Y
from app.charts.plane import plane_of
from app.charts.room import ABOVE, NARROW, STEP, WIDE, Chart, TextWidth, room
from app.embedding.cards.colours import light

PLOT = 370
"""width of a plot in the pixels of app/charts, at which text has its usual size"""

SHAPE = 0.9
"""largest height of a plot relative to its width"""

MOST_ROOM = 12
"""steps beside a plot; labels that need more are written as in narrow charts"""

ROLE_TOKENS = {
    "reference": "reference",
    "reward": "reference",
    "true": "true-quality",
    "optimised": "optimised",
    "rejected": "rejected",
    "kl": "rejected",
    "other": "muted",
}
"""colours in static/tokens.css by role, as in static/charts.css"""

DASHES = {
    "dot": (3, 3),
    "dash": (9, 9),
    "longdash": (15, 15),
    "dashdot": (9, 3, 3, 3),
    "longdashdot": (15, 6, 3, 6),
}


def drawn(figure: dict[str, Any], x: float, y: float, width: float, height: float) -> Markup:
    """A figure centred in a box, as large as fits; empty if it has no traces."""
    markup = svg(figure, "")
    if not markup:
        return markup
    chart = Chart(figure["data"], figure["layout"], plane_of(figure["data"], figure["layout"]))
    wide, around = WIDE, room(chart, WIDE)
    if around.left + around.right > MOST_ROOM:
        wide, around = NARROW, room(chart, NARROW)
    whole = PLOT + STEP * (around.left + around.right)
    scale = width / whole
    plot_height = min(SHAPE * PLOT, height / scale - ABOVE - STEP * around.below)
    top = y + (height - scale * (ABOVE + plot_height + STEP * around.below)) / 2 + scale * ABOVE
    return Markup(
        '<style>{}</style><g transform="translate({:.1f} {:.1f}) scale({:.4f})">'
        '<svg width="{}" height="{:.1f}">{}</svg></g>'
    ).format(
        Markup(_styles(wide)),
        x + scale * STEP * around.left,
        top,
        scale,
        PLOT,
        plot_height,
        Markup(_reshaped(str(markup), plot_height / PLOT)),
    )


def _reshaped(markup: str, shape: float) -> str:
    """The drawing with stretched parts whose view box and paths have another aspect ratio."""
    height = round(UNITS_X * shape)
    factor = height / UNITS_Y
    markup = markup.replace(
        f'viewBox="0 0 {UNITS_X} {UNITS_Y}"', f'viewBox="0 0 {UNITS_X} {height}"'
    )
    parts = re.split(r'(<svg class="(?:axes|plot)".*?</svg>)', markup)
    # All other paths are symbols, in pixels.
    parts[1::2] = [
        re.sub(r' d="([^"]*)"', lambda found: f' d="{_taller(found[1], factor)}"', part)
        for part in parts[1::2]
    ]
    return "".join(parts)


def _taller(data: str, factor: float) -> str:
    """Path data of app/charts (M, l, h, v and z) with all y coordinates scaled."""
    written: list[str] = []
    command, count = "", 0
    for token in re.findall(r"[A-Za-z]|-?[\d.]+", data):
        if token.isalpha():
            command, count = token, 0
            written.append(token)
            continue
        upright = command == "v" or (command in "Ml" and count % 2 == 1)
        written.append(f"{float(token) * factor:.1f}" if upright else token)
        count += 1
    return " ".join(written)


@lru_cache(maxsize=2)
def _styles(width: TextWidth) -> str:
    """The rules of static/charts.css that renderers of plain SVG understand."""
    unit = UNITS_X / PLOT
    hidden = NARROW if width is WIDE else WIDE
    ink, surface = light("ink"), light("surface")
    rules = [
        "svg { overflow: visible }",
        f".{hidden.name} {{ display: none }}",
        f".drawing text {{ font-size: 13px; fill: {ink}; dominant-baseline: central }}",
        ".start { text-anchor: start }",
        ".drawing .middle, .middle text { text-anchor: middle }",
        ".drawing .end, .end text { text-anchor: end }",
        ".drawing .legend text, .drawing text.note { font-size: 12px }",
        ".name, .note { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round }",
        f".name, .note {{ stroke: {surface} }}",
        ".grid, .zero, .line, .across, .error, .cap { fill: none }",
        f".grid {{ stroke: {light('rule')}; stroke-width: {unit:.3f} }}",
        f".zero, .across {{ stroke: {light('rule-strong')}; stroke-width: {unit:.3f} }}",
        f".line {{ stroke-width: {2.5 * unit:.3f}; stroke-linejoin: round }}",
        f".error {{ stroke: {ink}; stroke-width: {1.2 * unit:.3f} }}",
        f".cap {{ stroke: {ink}; stroke-width: {8 * unit:.3f} }}",
        ".area { fill-opacity: 0.2 }",
        ".gap { fill-opacity: 0.1 }",
    ]
    for role, token in ROLE_TOKENS.items():
        colour = light(token)
        rules.append(f".line.role-{role} {{ stroke: {colour} }}")
        rules += [
            f"{kind}.role-{role} {{ fill: {colour} }}"
            for kind in (".area", ".gap", ".points", ".bars")
        ]
        rules.append(f".drawing text.name.role-{role} {{ fill: {colour} }}")
    for name, lengths in DASHES.items():
        dashes = " ".join(f"{length * unit:.2f}" for length in lengths)
        rules.append(f".dash-{name} {{ stroke-dasharray: {dashes} }}")
    return "\n".join(rules)
