"""LaTeX to MathML on the server. Inline styles become classes, so that no page needs them."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup
from math_core import LatexToMathML

_converter = LatexToMathML()

# What math-core writes as inline styles, and the classes of static/style.css that say the same.
STYLE_CLASSES = {
    "text-align: right;justify-items: end;padding-right: 0;": "math-right",
    "text-align: left;justify-items: start;padding-left: 0;": "math-left",
}

_STYLE = re.compile(r' style="([^"]*)"')


@lru_cache(maxsize=2048)
def mathml(latex: str, display: bool = False) -> Markup:
    """MathML for a LaTeX formula.

    Raises:
        math_core.LatexError: a command is not known
        KeyError: a style without a class of ours
    """
    converted = _converter.convert_with_local_state(latex, displaystyle=display)
    return Markup(_STYLE.sub(lambda match: f' class="{STYLE_CLASSES[match[1]]}"', converted))
