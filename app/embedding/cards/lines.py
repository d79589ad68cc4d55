"""Line breaking, with estimated widths of letters in the fonts of cards."""

from __future__ import annotations

NARROW, USUAL, CAPITAL, WIDE = 0.28, 0.52, 0.6, 0.84
"""widths of letters relative to the font size"""

THIN = frozenset("fijlrtI.,:;()|'’ -")
BROAD = frozenset("mwMW%@—")


def width_of(text: str, size: float) -> float:
    """The estimated width of a text."""
    return size * sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if letter in THIN:
        return NARROW
    if letter in BROAD:
        return WIDE
    return CAPITAL if letter.isupper() else USUAL


def wrapped(text: str, size: float, width: float) -> list[str]:
    """A text in lines of at most this width, unless a single word is wider."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width_of(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def shortened(text: str, size: float, width: float, most: int) -> list[str]:
    """As many sentences as fit into so many lines, or else the beginning of the first."""
    sentences = text.split(". ")
    for count in range(len(sentences), 0, -1):
        part = ". ".join(sentences[:count]).rstrip(".") + "."
        lines = wrapped(part, size, width)
        if len(lines) <= most:
            return lines
    lines = wrapped(sentences[0], size, width)[:most]
    return [*lines[:-1], lines[-1].rsplit(" ", 1)[0].rstrip(",;:") + " …"]
