"""LaTeX to MathML on the server, with classes instead of inline styles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from math_core import LatexToMathML

_converter = LatexToMathML()


@dataclass(frozen=True)
class Term:
    """A part of an equation with its own color, the same in every equation and figure."""

    symbol: str
    meaning: str
    pattern: str
    """regular expression of its LaTeX"""
    color: str
    """the LaTeX color that marks it in the converter and that nothing else uses"""


TERMS = {
    "optimum": Term("π_r", "the optimal policy for the reward r", r"\\pi_r(?![a-z])", "green"),
    "ideal": Term("π*", "the optimal policy for the true reward r*", r"\\pi\^\*", "magenta"),
    "policy": Term("π_θ", "the policy in training", r"\\pi_\\theta", "lime"),
    "reference": Term(
        "π_ref", "the reference: where training starts", r"\\pi_\{\\mathrm\{ref\}\}", "blue"
    ),
    "temperature": Term(
        "β", "KL coefficient: the price of a nat of divergence", r"\\beta", "violet"
    ),
    "chosen": Term("y_w", "the chosen response", r"y_w", "teal"),
    "rejected": Term("y_l", "the rejected response", r"y_l", "red"),
    "reward": Term("r", "a reward", r"\\hat r_\\theta|r_\\phi|r\^\*|r(?=\(x)", "cyan"),
    "partition": Term(
        "Z(x)", "the partition function: a sum over all responses", r"Z\(x\)", "orange"
    ),
    "changed": Term("", "what this step changes", r"(?!)", "yellow"),
}

_ANY_TERM = re.compile("|".join(f"(?P<{name}>{term.pattern})" for name, term in TERMS.items()))

_FUNCTION_BEFORE_TERM = re.compile(rf"(\\(?:log|exp))\s+(\\(?:{'|'.join(TERMS)}){{)")


def _style_of(color: str) -> str:
    """The inline style that the converter writes for a color."""
    html = _converter.convert_with_local_state(rf"\textcolor{{{color}}}{{x}}", displaystyle=False)
    return html.split('style="')[1].split('"')[0]


# Inline styles of math-core and the equivalent classes of static/prose.css.
STYLE_CLASSES = {
    **{_style_of(term.color): f"term term-{name}" for name, term in TERMS.items()},
    "text-align: right;justify-items: end;padding-right: 0;": "math-right",
    "text-align: left;justify-items: start;padding-left: 0;": "math-left",
}

_STYLE = re.compile(r' style="([^"]*)"')


def terms_of(latex: str) -> dict[str, Term]:
    """The terms in an equation, in the order of ``TERMS``."""
    found = {match.lastgroup for match in _ANY_TERM.finditer(latex)}
    return {name: term for name, term in TERMS.items() if name in found}


def colored(latex: str) -> str:
    r"""Wrap every term of an equation in its own command, such as ``\policy{\pi_\theta}``."""
    marked = _ANY_TERM.sub(lambda match: rf"\{match.lastgroup}{{{match[0]}}}", latex)
    # Inside a group, a term loses the space that follows the name of a function.
    return _FUNCTION_BEFORE_TERM.sub(r"\1 \, \2", marked)


@lru_cache(maxsize=2048)
def mathml(latex: str, display: bool = False) -> Markup:
    r"""MathML for a LaTeX formula, in which ``\changed{...}`` and the other TERMS mark terms.

    Raises:
        math_core.LatexError: a command is unknown
        KeyError: a style has no class
    """
    for name, term in TERMS.items():
        latex = latex.replace(rf"\{name}{{", rf"\textcolor{{{term.color}}}{{")
    converted = _converter.convert_with_local_state(latex, displaystyle=display)
    return Markup(_STYLE.sub(lambda match: f' class="{STYLE_CLASSES[match[1]]}"', converted))
