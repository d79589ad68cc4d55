"""Objects in a text: JSON as it should be, as it was cut off, or as Python prints it.

A log that was copied from a console has dictionaries between progress bars and warnings, single
quotes, NaN, tensors, and line breaks anywhere. So this reads whatever is an object, in one pass: no
character is looked at more than a few times, whatever the text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

BLANK = re.compile(r"[\s,]*+")
STRING = re.compile(
    r'"(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)"|\'(?P<single>[^\'\\]*+(?:\\.[^\'\\]*+)*+)\'', re.S
)
COLON = re.compile(r"\s*+:")
WORD = re.compile(r"[^\s,:=\[\](){}'\"]++(?:\r?\n[^\s,:=\[\](){}'\"]++)*+")
"""a number or a name, which a terminal may have broken at the end of its line"""
NUMBERS = re.compile(r"(?:-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?\s*+,\s*+){1,1000}+")
"""the beginning of a list of plain numbers, so many at a time as a browser can match"""
ANGLED = re.compile(r"<[^<>\n]{0,200}>")
WRAP = re.compile(r"[\r\n]++[ \t]*+")

DEEPEST = 50
"""levels of brackets"""

CLOSES = {"{": "}", "[": "]", "(": ")"}
CONSTANTS: dict[str, object] = {
    "null": None,
    "None": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}


class Placed(dict[str, object]):
    """An object that knows where it stands in the text."""

    start: int = 0
    end: int = 0


@dataclass
class _Open:
    """A container that is not closed yet."""

    bracket: str
    start: int
    items: list[object] = field(default_factory=list)
    made: Placed = field(default_factory=Placed)
    key: str | None = None

    def add(self, value: object) -> None:
        if self.bracket == "{":
            assert self.key is not None
            self.made[self.key] = value
            self.key = None
        else:
            self.items.append(value)


@dataclass(frozen=True)
class Found:
    """What stands at a bracket."""

    value: object
    """the container, if it was closed"""
    objects: list[Placed]
    """the outermost complete objects in it, itself included"""
    end: int
    """where reading ended: behind the container, or where it is broken"""
    whole: bool


def read_at(text: str, start: int) -> Found:
    """Read the container whose opening bracket is at ``start``."""
    open_: list[_Open] = []
    complete: list[Placed] = []
    at = start
    length = len(text)
    value: object = None
    while at < length:
        at = BLANK.match(text, at).end()  # type: ignore[union-attr]
        if at >= length:
            break
        character = text[at]
        top = open_[-1] if open_ else None
        if top is not None and character == CLOSES[top.bracket]:
            if top.key is not None:
                break
            at += 1
            open_.pop()
            if top.bracket == "{":
                top.made.start, top.made.end = top.start, at
                while complete and complete[-1].start > top.start:
                    complete.pop()
                complete.append(top.made)
                value = top.made
            else:
                # What is called with something, a tensor say, is its first argument.
                value = top.items if top.bracket == "[" else (top.items[0] if top.items else None)
            if not open_:
                return Found(value, complete, at, True)
            open_[-1].add(value)
            continue
        if top is not None and top.bracket == "{" and top.key is None:
            key = STRING.match(text, at)
            colon = COLON.match(text, key.end()) if key else None
            if key is None or colon is None:
                break
            top.key = _string(key)
            at = colon.end()
            continue
        if top is not None and top.bracket == "[" and (run := NUMBERS.match(text, at)):
            top.items += map(float, run[0].split(",")[:-1])
            at = run.end()
            continue
        if character in CLOSES:
            if len(open_) == DEEPEST:
                break
            open_.append(_Open(character, at))
            at += 1
            continue
        if top is None:
            break
        read = _scalar(text, at)
        if read is None:
            break
        at, value, is_value = read
        if is_value:
            top.add(value)
    return Found(None, complete, at, False)


def _scalar(text: str, at: int) -> tuple[int, object, bool] | None:
    """Where a value ends, what it is, and whether it is one and not the name of a function."""
    if (string := STRING.match(text, at)) is not None:
        return string.end(), _string(string), True
    if (angled := ANGLED.match(text, at)) is not None:
        return angled.end(), angled[0], True
    word = WORD.match(text, at)
    if word is None:
        return None
    end, written = word.end(), WRAP.sub("", word[0])
    if text[end : end + 1] in ("(", "="):
        return end + (text[end] == "="), None, False
    if written in CONSTANTS:
        return end, CONSTANTS[written], True
    try:
        return end, written if "_" in written else float(written), True
    except ValueError:
        return end, written, True


def _string(found: re.Match[str]) -> str:
    double, single = found["double"], found["single"]
    written = double if double is not None else single
    if "\n" in written or "\r" in written:
        written = WRAP.sub("", written)
    if "\\" in written:
        try:
            return str(json.loads(f'"{written}"', strict=False))
        except ValueError:
            return written
    return written
