"""Numbers as people, spreadsheets and Python write them."""

from __future__ import annotations

import math
import re

MINUS = dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\u2014\ufe58\ufe63\uff0d"), "-")
SPACES = dict.fromkeys(
    map(ord, "\u00a0\u2007\u2008\u2009\u200a\u202f\u205f\u200b\u2060\ufeff'"), ""
)
"""spaces within numbers, and the apostrophe that Swiss spreadsheets group by"""
PLAIN = MINUS | SPACES

DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:[eE][+-]?\d+)?")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?(?:[eE][+-]?\d+)?")
"""commas between thousands"""

POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")

LONGEST = 400
"""characters of a number; a longer cell is none"""

WRAPPED = re.compile(
    r"(?:torch\.|np\.|numpy\.)?(?:tensor|array|float\d*|Decimal)\(\[*([^,\[\]()]*)\]*[,)]"
)
"""one number as PyTorch and NumPy print it: tensor(-41.2, device='cuda:0')"""


def number(given: object, *, decimal_comma: bool = False) -> float | None:
    """A number, which may be infinite or not a number; None if it is none.

    Args:
        decimal_comma: whether 1,234 is a little more than one, and not above a thousand; without
            it, such a cell is refused as ambiguous
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        return float(_plain(given, decimal_comma) if isinstance(given, str) else given)
    except (ValueError, OverflowError):
        return None


def finite(given: object, *, decimal_comma: bool = False) -> float | None:
    """A finite number, or None if it is none."""
    value = number(given, decimal_comma=decimal_comma)
    return value if value is not None and math.isfinite(value) else None


def _plain(written: str, decimal_comma: bool) -> str:
    if len(written) > LONGEST or "_" in written:  # Python would read 1_000
        return ""
    written = written.translate(PLAIN).strip().strip('"')
    if written.endswith(")") and (inner := WRAPPED.match(written)):
        written = inner[1].strip()
    if written[:1] in "+-":
        written = written[:1] + written[1:].lstrip()
    if "," in written:
        grouped, decimal = GROUPED.fullmatch(written), DECIMAL_COMMA.fullmatch(written)
        if decimal and (decimal_comma or not grouped):
            return written.replace(".", "").replace(",", ".")
        if grouped and "." in written:
            return written.replace(",", "")
    return written


class DecimalPoints:
    """Whether the numbers of a table have decimal commas.

    -18,125 may be a number just below -18 or one below -18,000. Where columns are separated by
    something else it is the former, unless other numbers have points; where commas separate
    columns, only if other numbers leave no doubt.
    """

    def __init__(self, *, commas_are_quoted: bool) -> None:
        self.commas_are_quoted = commas_are_quoted
        self.commas = False
        self.points = False

    def see(self, cell: str) -> None:
        if "," in cell:
            written = cell[:LONGEST].translate(PLAIN).strip()
            plain = DECIMAL_COMMA.fullmatch(written) is not None
            self.commas |= plain and not (self.commas_are_quoted and GROUPED.fullmatch(written))
        elif "." in cell:
            self.points |= POINT.fullmatch(cell[:LONGEST].translate(PLAIN).strip()) is not None

    @property
    def are_commas(self) -> bool:
        return self.commas and not self.points
