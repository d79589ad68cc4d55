"""What a lecturer may ask of a widget's page by its address: parts to hide, controls to lock, a theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

PARTS = {
    "caption": "what the widget is for",
    "tries": "the suggestions",
    "finding": "the finding in words",
    "links": "the links below the widget",
}
"""What can be hidden beside the controls, with its meaning"""

THEMES = ("light", "dark")
NAMES = ("hide", "lock", "theme")
"""The flags. They belong to the page: no widget may have parameters of these names."""


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
            "colour scheme of the page; the reader's, if not given",
            {"type": "string", "enum": list(THEMES)},
        ),
    )
]
"""the flags as OpenAPI describes them"""


class InvalidFlag(ValueError):
    """A flag was refused: which one, why, and what is allowed."""

    def __init__(self, field: str, message: str, allowed: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.allowed = allowed


@dataclass(frozen=True)
class Flags:
    """The flags of one page. What is hidden or locked keeps the value that the address gives it."""

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
        """Parameters that the reader cannot change."""
        return frozenset(self.hide + self.lock) - PARTS.keys()

    @property
    def suffix(self) -> str:
        """The flags as the end of a query string that has begun."""
        return "".join(
            f"&{urlencode({name: value}, safe=',')}" for name, value in self.given.items()
        )


NO_FLAGS = Flags()


def flags_of(query: Mapping[str, str], params: Iterable[str]) -> Flags:
    """The flags in a query, for a widget with these parameters.

    Raises:
        InvalidFlag: a name that this widget does not have, or an unknown theme
    """
    params = tuple(params)
    theme = query.get("theme", "")
    if theme not in ("", *THEMES):
        raise InvalidFlag("theme", f"unknown theme {theme!r}", " or ".join(THEMES))
    return Flags(
        hide=_names("hide", query, (*params, *PARTS)),
        lock=_names("lock", query, params),
        theme=theme,
    )


def _names(flag: str, query: Mapping[str, str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Names in a comma-separated list, each once, in the order of the widget."""
    given = {name.strip() for name in query.get(flag, "").split(",")} - {""}
    unknown = sorted(given - set(allowed))
    if unknown:
        raise InvalidFlag(flag, f"unknown name {unknown[0]!r}", f"any of: {', '.join(allowed)}")
    return tuple(name for name in allowed if name in given)
