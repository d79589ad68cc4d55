"""Line breaking in the fonts of cards."""

from __future__ import annotations

from collections.abc import Callable

from app.charts.letters import width_of

SERIF = 1.17
"""widths of titles relative to the bold sans font: at most so much"""


def title_width(text: str, size: float) -> float:
    """The width that a title takes at most."""
    return SERIF * width_of(text, size, bold=True)


def wrapped(
    text: str, size: float, width: float, measure: Callable[[str, float], float] = width_of
) -> list[str]:
    """A text in lines of at most this width, unless a single word is wider."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and measure(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def shortened(text: str, size: float, width: float, most: int) -> list[str]:
    """As many sentences as fit into so many lines, or else the beginning of the first."""
    sentences = text.split(". ")
    for count in range(len(sentences), 0, -1):
        part = ". ".join(sentences[:count]).rstrip(".")
        part += "" if part.endswith("?") else "."
        lines = wrapped(part, size, width)
        if len(lines) <= most:
            return lines
    lines = wrapped(sentences[0], size, width)[:most]
    return [*lines[:-1], lines[-1].rsplit(" ", 1)[0].rstrip(",;:") + " …"]
