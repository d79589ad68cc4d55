"""Python for the compiler's test: every function is run here and in JavaScript, and has to give the same."""

from __future__ import annotations

import csv
import json
import math
import re
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import accumulate, groupby, islice, pairwise, product
from typing import Any

from pydantic import BaseModel, ValidationInfo, create_model, field_validator

NUMBERS = (0.0, 0.5, 1.5, 2.5, -0.5, 0.125, 2.675, 1e-7, 1234567.891, -99.995, 1e21, 0.1 + 0.2, 5.0)


@dataclass(frozen=True)
class Point:
    """A record with a default, a property and a method."""

    x: float
    y: float = 2
    tags: list[str] = field(default_factory=list)

    @property
    def norm(self) -> float:
        """Its length."""
        return math.hypot(self.x, self.y)

    @cached_property
    def seen(self) -> list[float]:
        """What is kept with this point."""
        return [self.x]

    def moved(self, dx: float = 1, *, dy: float = 0) -> Point:
        """Another point."""
        return Point(self.x + dx, self.y + dy)


@dataclass(frozen=True)
class Named(Point):
    """A record of another."""

    name: str = "?"


def bounded(value: float, info: ValidationInfo) -> float:
    """At most what another field says."""
    return min(value, info.data["most"]) if info.field_name != "free" else value


class Checked(BaseModel):
    """A model that checks fields."""

    most: float
    one: float
    other: float = 9
    free: float = 9

    _bounded = field_validator("one", "other", "free")(bounded)


class Base(BaseModel):
    """A model whose other fields come later, some of them checked."""

    most: float

    _bounded = field_validator(*"abc", check_fields=False)(bounded)


Wide: Any = create_model("Wide", __base__=Base, a=(float, 9), d=(float, 9))


def formats() -> list[str]:
    """Numbers as Python writes them: halves to even, powers of two digits."""
    specs = ("g", ".3g", ".1f", ".2f", ".0f", ".1%", ".1e", ",.2f", "8.1f", "+.1f", ".4g")
    return [f"{value:{spec}}" for value in NUMBERS for spec in specs]


def rounded() -> list[float]:
    """round, which takes halves to even."""
    return [round(value, digits) for value in NUMBERS for digits in (0, 1, 2)] + [
        round(value) for value in (0.5, 1.5, -2.5, 7.49)
    ]


def texts() -> list[Any]:
    """Methods of texts."""
    text = "Direct preference, optimization"
    return [
        text.split(), text.partition(", "), ["a", "b", "c"], "x".join(["1", "2"]),
        text.replace("e", "E", 2), "abc"[-2:], "abc"[::-1], "ab" * 2, "é" in "café",
        "pre_fix".removeprefix("pre_"), "1.50".rstrip("0"), text.startswith("Direct"),
        text.endswith(("a", "n")), "banana".index("n"), f"{'q'!r} {None} {True}",
        "two Words".capitalize(), "".capitalize(),
        zlib.crc32("β = 0.1".encode()), [t.isprintable() for t in ("a é １", "a\xa0", "a\n", "\u200b", "")],
    ]  # fmt: skip


def lists() -> list[Any]:
    """Slices, unpacking, sorting, and what changes a list in place."""
    values = [5, 3, 9, 1, 7]
    first, *middle = values
    same = values
    same += [4]
    values.insert(1, 8)
    values[-1] = 6
    return [
        first, middle, values, values[1:-1:2], values[-3:], values[::-1], sorted(values, reverse=True),
        sorted(["b", "a", "c"], key=lambda letter: -ord_of(letter)), max(values, key=lambda v: v % 5),
        min([], default="none"), sum(values, 10), [*range(5, 0, -2)], list(pairwise(values))[:2],
        [[key, list(group)] for key, group in groupby(values, key=lambda v: v > 4)],
        list(product("ab", (1, 2), [3])), list(product()),
        list(accumulate([1, 2, 3])), (1, 2) < (1, 3), [1, [2]] == [1, [2]],
        7 // 2, -7 // 2, -7 % 3, divmod(17, 5), 3 in values, [0] * 3, values.index(9), [1, 2, 1].count(1),
        not [], values[9:] or "empty",
    ]  # fmt: skip


def ord_of(letter: str) -> int:
    """The place of a letter."""
    return "abc".index(letter)


def dicts() -> list[Any]:
    """Order of entries, and keys that are numbers or tuples."""
    found: dict[Any, Any] = {"b": 1, 2: "two", (1, 2): "pair"}
    found.setdefault("c", []).append(3)
    found |= {"b": 4}
    merged = {**found, "d": 5} | {"e": 6}
    return [
        [len(key) if isinstance(key, tuple) else key for key in merged], found[(1, 2)], found.get("z"),
        found.get("z", 0), {k: v + 1 for k, v in zip("xy", (1, 2), strict=True)}, dict.fromkeys("ab", 0),
        "c" in found, len(found), list({"k": 1}.items()), found.pop("c"), found.pop((1, 2)), len(found),
        (1, 2) in {(1, 2), (3, 4)}, len({(1, 2), (1, 2)}), sorted({3, 1} | {2}), sorted({3, 1} & {1}),
    ]  # fmt: skip


def records() -> list[Any]:
    """Fields, defaults, methods with names, equality."""
    point = Point(3, y=4)
    named = Named(1, name="n")
    return [
        vars(Checked(most=4, one=5, other=3)),
        point.norm, point.moved(dy=1).y, point == Point(3, 4), point == Point(3, 5), vars(named),
        point.tags, isinstance(named, Point), [p.x for p in (point, named)], named.name,
        point.seen is point.seen, asdict(Point(1)), vars(Named(2)),
        replace(point, x=9).seen,
        vars(replace(named, y=5)), vars(Wide(most=4, a=5, d=5)), isinstance(Wide(most=1, a=1, d=1), Base),
    ]  # fmt: skip


def flow(limit: int = 3) -> list[Any]:
    """Loops with else, early returns, closures, generators."""
    found: list[Any] = []
    for number in range(limit):
        if number == 5:
            break
    else:
        found.append("no five")
    while limit > 0:
        limit -= 1
        if limit == 1:
            continue
        found.append(limit)
    functions: list[Callable[[], int]] = [lambda m=n: m * m for n in range(3)]  # type: ignore[misc]
    found.append([function() for function in functions])
    found.append(next((n for n in counting() if n > 3), None))
    found.append([a if a > 1 else -a for a in (0, 1, 2) if a or found])
    found.append(1 < (middle := 2) < 3 and middle)
    return found


def counting() -> Iterator[int]:
    """The first numbers."""
    number = 0
    while number < 9:
        yield number
        number += 1


@lru_cache(maxsize=2)
def _square(value: int) -> int:
    return value * value


def calls() -> list[Any]:
    """Arguments by place, by name, collected and spread."""
    return [
        collected(1, c=3, d=4), collected(*[1, 2], c=5, e=6), spread("a", 1, 2), _square(4),
        _square(4), any(x > 2 for x in (1, 3)), all([]), list(zip("ab", "cd", strict=False)),
        list(enumerate("ab", 1)), list(reversed([1, 2])), int("12"), float("0.5"),
    ]  # fmt: skip


def collected(a: int, b: int = 2, *, c: int = 0, **others: int) -> list[Any]:
    """What has come."""
    return [a, b, c, others]


def spread(first: str, *others: int) -> list[Any]:
    """What has come."""
    return [first, others]


WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
QUOTED = re.compile(r'"(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)"|(?P<single>\'[^\']*\')', re.S)
SPACED = re.compile(r"(?<![\w.])(\w+)\s*[:=]\s{0,3}([+\-\u2212]?\d++)(?!\w)|[\x1b{}-]")
LINES = re.compile(r"^[ \t]*(?:#|//) ?", re.M)
NUMBERED = re.compile(r"no\.? ?(\d{1,3})\b", re.ASCII | re.IGNORECASE)
TAG = re.compile(r"</?tr\b[^<>]{0,9}>|\Aa.b\Z", re.I)


def patterns() -> list[Any]:
    """Regular expressions: groups, places, letters and spaces beyond ASCII, what is possessive."""
    text = 'ab: 1, été =\u00a0\u22122 x.y=3 z:\x1c4 {Δ:５} "q\\"\n" \'s\''
    quoted = QUOTED.search(text)
    assert quoted is not None
    return [
        WORD.findall("policyChosenLOGPs_2"), quoted["double"], quoted["single"], quoted.start(),
        quoted.end(), QUOTED.search(text, quoted.end())["single"],  # type: ignore[index]
        [[found[0], found[1], found[2]] for found in SPACED.finditer(text)],
        SPACED.search(text, 3, 6) is None, LINES.sub("", "# a\n  // b\n#c\n d # e"),
        [bool(NUMBERED.fullmatch(one)) for one in ("No. 12", "NO12", "no 1234", "no５", "xno1")],
        [TAG.match(one) is not None for one in ("<TR>", "</tr a>", "<tra>", "a.b", "a\nb", "a.b\n")],
        re.compile(r"a++b|a+").split("xaaby aa z"), re.compile(r"a++a").search("aaa") is None,
        re.compile(r"(\w)(\w)").sub(r"\2\1", "abcd e"), re.compile("l").sub(lambda m: m[0] * 2, "all"),
        re.compile(r"(.)\1$").findall("xxyy\n"), re.compile(r"\S+\b").findall("a-b é!"),
    ]  # fmt: skip


class RefusedError(ValueError):
    """An error with fields."""

    def __init__(self, line: int, *, why: str = "?") -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line


class WorseError(RefusedError):
    """One of another."""


class Counted:
    """An object that is no record."""

    def __init__(self, least: int, *, step: int = 1) -> None:
        self.at: int = least
        self.step = step

    def further(self) -> int:
        """A step on."""
        self.at += self.step
        return self.at

    @property
    def double(self) -> int:
        """Twice as far."""
        return 2 * self.at


def refusals() -> list[Any]:
    """What is raised, and what catches it."""
    found: list[Any] = []
    for number in range(4):
        try:
            found.append(refuse(number))
        except WorseError as error:
            found.append(["worse", error.line])
        except (OverflowError, ValueError) as error:
            found.append(str(error))
            continue
        found.append("after")
    counted = Counted(3, step=2)
    found += [counted.further(), counted.further(), counted.double]
    doubled = [twice for n in (1, 2, 3) if (twice := 2 * n) > 2]
    return [*found, doubled, twice]


def refuse(number: int) -> int:
    """One error or another."""
    if number == 0:
        raise RefusedError(number, why="none")
    if number == 1:
        raise WorseError(number)
    try:
        if number == 2:
            raise OverflowError("two")
    except ValueError:
        return -1
    return number


SPELLED = dict.fromkeys(map(ord, "\u2212\u2013"), "-") | {ord("'"): ""}


def written() -> list[Any]:
    """Texts and bytes as files have them, and the numbers in them."""
    text = "\x85\u00a0 a/b/c.d\x1c\n"
    numbers = (
        "1.5",
        " -2 ",
        "1_000",
        "\u0665.5",
        ".5e1",
        "-Infinity",
        "0x1",
        "",
        "1e",
        "+.",
        "\u2212" + "1",
    )
    latin = b"na\xefve \x93"
    return [
        text.strip(), text.lstrip(), text.rstrip(), "--a-".strip("-"), "a/b/c".rpartition("/"),
        "abc".rpartition("/"), text.split(), text.count("/"), "aXbXcX".count("X", 2, 5), "aBé".lower(),
        "aBé".upper(), "log probs at".removesuffix(" at"), "1\u2212'2".translate(SPELLED),
        [one.isdecimal() for one in ("12", "1.2", "", "\u0665")], [number_of(one) for one in numbers],
        (2.0).is_integer(), math.isfinite(math.nan), f"{math.nan} {1234567:_} {0.1 + 0.2:.15g}", chr(65),
        latin.decode("cp1252"), latin.decode("latin-1"), latin[2:3] == b"\xef", decoded(latin, "utf-8"),
        decoded(b"\x81", "cp1252"), decoded(b"a\xc3\xa9", "utf-8"), b"ve" in latin,
        b"\xffa".decode("utf-8", "replace"), b"\xff\xfea\x00".decode("utf-16", "replace"),
        "a\u2013".encode("latin-1", "replace").decode("latin-1"), int("\u0665"),
    ]  # fmt: skip


def number_of(text: str) -> float | str | None:
    """A number, if it is one; infinities as texts, for JSON has none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else str(value)


def decoded(data: bytes, encoding: str) -> str | None:
    """A text, if these bytes are one."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


class Noted(dict[str, Any]):
    """A dict with an attribute."""

    at: int = 3


FLOATS = json.JSONDecoder(parse_int=float)
WRITTEN = (
    '{"b": [1, -2.5e3, true, null, "\\u00e9\\n\\/"], "a": {}, "b2": [[], "x"], "1": 0, "0": 1}',
    " 7 ", "[1 2]", "[1,]",
    '{"a" 1}', "{'a': 1}", '{"a": 1,}', '"a', '"a\nb"', '"\\x"', '"\\u12"', "1 2", "", "[", "{", "-", "tru",
    '[1,\n 2,\n 03]', '"\\ud83d"',
)  # fmt: skip


def documents() -> list[Any]:
    """JSON, and what is wrong with what is none."""
    noted = Noted((name, 1) for name in "ab")
    noted.at += 1
    return [
        *(read(text) for text in WRITTEN), json.loads('"a\nb"', strict=False), noted, noted.at,
        isinstance(noted, dict), isinstance({}, Noted), isinstance(1.5, int | str), Noted().at,
    ]  # fmt: skip


def read(text: str) -> Any:
    """A value, or the error."""
    try:
        return FLOATS.decode(text)
    except json.JSONDecodeError as error:
        return [error.msg, error.lineno, error.colno]


TABLES = (
    "a,b\r\n1, 2\n", '"a ""b""\nc", d\n\n e f ,', 'a,"b"c\n', 'a,"b\n', "a\rb", '"a" ,b',
)  # fmt: skip


def tables() -> list[Any]:
    """CSV, strict and not."""
    return [[rows(text, strict) for text in TABLES] for strict in (True, False)]


def rows(text: str, strict: bool) -> list[Any]:
    """Number of lines and cells of each row, up to an error."""
    lines = (found[0] for found in re.compile(r"[^\n]*\n|[^\n]+").finditer(text))
    found: list[Any] = []
    reader = csv.reader(lines, delimiter=",", skipinitialspace=True, strict=strict)
    try:
        for cells in reader:
            found.append([reader.line_num, cells])
    except csv.Error as error:
        found.append(str(error))
    return found


def sets() -> list[Any]:
    """Sets that hold one another, counts, copies with changes, parts of what is long."""
    few, many = {1, 2}, {1, 2, 3}
    many.discard(9)
    alone = {"x"}
    return [
        few <= many, many <= few, many >= few, sorted({"a": 1, "b": 2}.keys() & {"b", "c"}), alone.pop(),
        not alone, (1, "a") in {(1, "a")}, Counter("abcab").most_common(2), dict(Counter([3, 3, 1])),
        vars(replace(Point(1, 2), y=5)), list(islice([5, 6, 7], 2)), bisect_right([1, 3, 3, 5], 3),
        bool(math.nan), {n: n * n for n in (1, 2, 3) if n > 1}, sorted({n % 2 for n in range(5)}),
        [*map(str, [1, 2])],
    ]  # fmt: skip
