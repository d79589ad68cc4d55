"""Flags in the URL of a widget's page: parts to hide, controls to lock, a theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app.web.problem import InvalidParams

PARTS = {
    "steps": "the numbered steps and their sentence",
    "readout": "the sentence below the drawing that says its numbers",
    "settings": "the settings",
    "details": "the details",
    "foot": "the row of links below the figure",
}
"""what can be hidden besides the controls, with descriptions"""

EARLIER_NAMES = {"caption": "steps", "tries": "steps", "finding": "readout", "links": "foot"}
"""names that parts have in published addresses"""

THEMES = ("light", "dark")
NAMES = ("hide", "lock", "theme")
"""names of the flags, which no parameter of a widget may have"""

FLAG_PARAMETERS = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }
    for name, description, schema in (
        (
            "hide",
            "what the page leaves out: comma-separated names of the widget's parameters, or of "
            + ", ".join(PARTS),
            {"type": "string"},
        ),
        (
            "lock",
            "controls that are shown but cannot be changed: comma-separated names of parameters",
            {"type": "string"},
        ),
        (
            "theme",
            "color scheme of the page; the reader's, if not given",
            {"type": "string", "enum": list(THEMES)},
        ),
    )
]
"""the flags as OpenAPI parameters"""


@dataclass(frozen=True)
class Flags:
    """The flags of one page. Hidden and locked parameters keep their values from the URL."""

    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    theme: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The flags that are set, as query parameters."""
        values = {"hide": ",".join(self.hide), "lock": ",".join(self.lock), "theme": self.theme}
        return {name: value for name, value in values.items() if value}

    @property
    def held(self) -> frozenset[str]:
        """The parameters that the reader cannot change."""
        return frozenset(self.hide + self.lock) - PARTS.keys()

    @property
    def suffix(self) -> str:
        """The flags as the continuation of a query string."""
        return "".join(
            f"&{urlencode({name: value}, safe=',')}" for name, value in self.given.items()
        )


NO_FLAGS = Flags()


def flags_of(query: Mapping[str, str], params: Iterable[str]) -> Flags:
    """The flags in the query of a widget with these parameters.

    Raises:
        InvalidParams: the widget has no parameter or part of that name, or the theme is unknown
    """
    params = tuple(params)
    theme = query.get("theme", "")
    if theme not in ("", *THEMES):
        raise InvalidParams.of("theme", f"unknown theme {theme!r}", " or ".join(THEMES))
    return Flags(
        hide=_names("hide", query, (*params, *PARTS)),
        lock=_names("lock", query, params),
        theme=theme,
    )


def _names(flag: str, query: Mapping[str, str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The names in a comma-separated list, each once, in the order of ``allowed``."""
    given = {name.strip() for name in query.get(flag, "").split(",")} - {""}
    if flag == "hide":
        given = {EARLIER_NAMES.get(name, name) for name in given}
    unknown = sorted(given - set(allowed))
    if unknown:
        raise InvalidParams.of(
            flag, f"unknown name {unknown[0]!r}", f"any of: {', '.join(allowed)}"
        )
    return tuple(name for name in allowed if name in given)
