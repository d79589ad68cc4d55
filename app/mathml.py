"""LaTeX to MathML on the server. Inline styles become classes, so that no page needs them."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup
from math_core import LatexToMathML

_converter = LatexToMathML()

# Our own commands, such as \changed{...}, mark a term by what it stands for. They pass through the
# converter as colours that nothing else uses, and come out as classes.
TERMS = {
    "policy": "green",
    "reference": "blue",
    "temperature": "violet",
    "chosen": "lime",
    "rejected": "red",
    "reward": "cyan",
    "partition": "orange",
    "changed": "yellow",
}


def _style_of(colour: str) -> str:
    """The style that the converter writes for a colour."""
    converted = _converter.convert_with_local_state(
        rf"\textcolor{{{colour}}}{{x}}", displaystyle=False
    )
    return converted.split('style="')[1].split('"')[0]


# What math-core writes as inline styles, and the classes of static/style.css that say the same.
STYLE_CLASSES = {
    **{_style_of(colour): f"term term-{term}" for term, colour in TERMS.items()},
    "text-align: right;justify-items: end;padding-right: 0;": "math-right",
    "text-align: left;justify-items: start;padding-left: 0;": "math-left",
}

_STYLE = re.compile(r' style="([^"]*)"')


@lru_cache(maxsize=2048)
def mathml(latex: str, display: bool = False) -> Markup:
    r"""MathML for a LaTeX formula, in which ``\changed{...}`` and the other TERMS mark terms.

    Raises:
        math_core.LatexError: a command is not known
        KeyError: a style without a class of ours
    """
    for term, colour in TERMS.items():
        latex = latex.replace(rf"\{term}{{", rf"\textcolor{{{colour}}}{{")
    converted = _converter.convert_with_local_state(latex, displaystyle=display)
    return Markup(_STYLE.sub(lambda match: f' class="{STYLE_CLASSES[match[1]]}"', converted))
