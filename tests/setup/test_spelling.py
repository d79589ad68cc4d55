"""American spelling, the one of the field's papers, wherever a reader or a contributor looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from app.paths import PACKAGE

ROOT = PACKAGE.parent
READ = [ROOT / folder for folder in ("app", "docs", "static", "templates", "tests", "tools")]
READ += [ROOT / file for file in ("CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "README.md")]
KINDS = {".css", ".d.ts", ".html", ".js", ".json", ".md", ".mjs", ".py", ".ts", ""}
LEFT_OUT = {"static/built", "static/vendor", "tests/setup/test_spelling.py"}

BRITISH = re.compile(
    r"""(?:
      (?:behavi|col|fav|harb|hon|hum|lab|neighb)our|(?<!at_)cent(?:re(?!d?\w)|red\b)|fibre|grey
      | licence|offence|defence|judgement|acknowledgement|learnt|spelt|artefact|programme(?!r|d)
      | towards|whilst|amongst|catalogue|enrol\b|fulfil\b
      | (?:label|model|travel|cancel|signal|channel|level|total|fuel)l(?:ed|ing|er)
      | (?:anal|paral|catal)ys(?:e[ds]?\b|ing)
      | (?:author|categor|character|critic|custom|equal|final|formal|general|initial|marginal|maxim
        |memor|minim|normal|optim|organ|parameter|penal|popular|priorit|quant|random|real|recogn
        |regular|sanit|serial|special|stabil|standard|summar|synchron|token|util|visual)
        is(?:e|ing|ation)
    )\w*""",
    re.IGNORECASE | re.VERBOSE,
)

WORD_BEFORE = re.compile(r"\w*$")

PUBLISHED = {
    "labelled": "a field of the annotator's result",
    "optimised": "a role of the curves in published figures, and the color named after it",
    "q_overoptimisation": "a question of the quiz, and the parameter that answers it",
    "q_penalised_reward": "a question of the quiz, and the parameter that answers it",
    "licence_file": "a key in the list of served packages",
    "labelledby": "an attribute of ARIA",
    "CancelledError": "an exception of asyncio",
    "cancelled_caught": "an attribute of anyio",
}


def test_american_spelling() -> None:
    found = {f"{path}:{number}: {word}" for path, number, word in _found() if word not in PUBLISHED}
    assert not found, sorted(found)


def test_every_exception_is_needed() -> None:
    assert set(PUBLISHED) <= {word for _, _, word in _found()}


@cache
def _found() -> tuple[tuple[str, int, str], ...]:
    """Every word with a British stem: its file, its line, and the word itself. Titles keep theirs."""
    return tuple(
        (path, number, WORD_BEFORE.findall(line[: match.start()])[0] + match.group())
        for path, number, line in _lines()
        if not line.startswith('    "title": ')
        for match in BRITISH.finditer(line)
    )


def _lines() -> Iterator[tuple[str, int, str]]:
    for start in READ:
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and path.suffix in KINDS and not name.startswith(tuple(LEFT_OUT)):
                lines = path.read_text(encoding="utf-8").splitlines()
                yield from ((name, number, line) for number, line in enumerate(lines, 1))
