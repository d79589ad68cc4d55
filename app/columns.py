"""Many values of one shape in columns: what is equal in all is written once.

``static/columns.js`` takes a value out again. Offline copies and ranges of sliders travel in this way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Packed = dict[str, Any]

SHORT = 4
"""Letters up to which a value is written anew each time: a number that points to it is no shorter."""


def script_json(value: Any) -> str:
    """JSON as part of a script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def pack(values: Sequence[Any]) -> Packed:
    """Values, which JSON can hold, in columns.

    ``{"s": value}`` is the same everywhere, ``{"o": {key: packed}}`` an object, ``{"a": [packed]}`` a list
    of one length, ``{"u": values, "i": places}`` one of a few, ``{"v": values}`` written out, and
    ``{"p": [packed], "i": parts, "k": places}`` has parts of several shapes.
    """
    first = values[0]
    if all(value is first for value in values) or _all_same(values):
        return {"s": first}
    if all(isinstance(value, dict | list) for value in values):
        return _structures(values)
    return _leaves(values)


def unpack(packed: Packed, place: int) -> Any:
    """The value at a place, as the script reads it."""
    if "s" in packed:
        return packed["s"]
    if "v" in packed:
        return packed["v"][place]
    if "u" in packed:
        return packed["u"][packed["i"][place]]
    if "a" in packed:
        return [unpack(value, place) for value in packed["a"]]
    if "o" in packed:
        return {key: unpack(value, place) for key, value in packed["o"].items()}
    return unpack(packed["p"][packed["i"][place]], packed["k"][place])


def _all_same(values: Sequence[Any]) -> bool:
    first = values[0]
    if any(type(value) is not type(first) or value != first for value in values):
        return False
    # 1, 1.0 and True are equal, and so are 0.0 and -0.0, but not the same in JSON.
    return len({id(value): None for value in values}) == 1 or len(_distinct(values)) == 1


def _distinct(values: Sequence[Any]) -> dict[str, Any]:
    """Each value once, by how it is written; objects are looked at once each."""
    by_identity = {id(value): value for value in values}
    return {_key(value): value for value in by_identity.values()}


def _key(value: Any) -> str:
    return repr(value) if isinstance(value, float) else json.dumps(value, sort_keys=True)


def _structures(values: Sequence[Any]) -> Packed:
    shapes = [_shape(value) for value in values]
    if any(shape != shapes[0] for shape in shapes):
        return _parts(values, shapes)
    if isinstance(values[0], dict):
        return {"o": {key: pack([value[key] for value in values]) for key in values[0]}}
    if not any(isinstance(item, dict | list) for item in values[0]):
        # A row of numbers, such as the heights of a curve: it may be one of a few.
        distinct = _distinct(values)
        if 2 * len(distinct) <= len(values):
            return _few(values, distinct)
    return {"a": [pack([value[i] for value in values]) for i in range(len(values[0]))]}


def _shape(value: Any) -> object:
    return frozenset(value) if isinstance(value, dict) else len(value)


def _parts(values: Sequence[Any], shapes: Sequence[object]) -> Packed:
    parts: dict[object, list[Any]] = {}
    places = []
    for value, shape in zip(values, shapes, strict=True):
        part = parts.setdefault(shape, [])
        places.append(len(part))
        part.append(value)
    numbers = {shape: number for number, shape in enumerate(parts)}
    return {
        "p": [pack(part) for part in parts.values()],
        "i": [numbers[shape] for shape in shapes],
        "k": places,
    }


def _leaves(values: Sequence[Any]) -> Packed:
    distinct = _distinct(values)
    longest = max(len(key) for key in distinct)
    if longest <= SHORT or len(distinct) > 0.8 * len(values):
        return {"v": list(values)}
    return _few(values, distinct)


def _few(values: Sequence[Any], distinct: dict[str, Any]) -> Packed:
    numbers = {key: number for number, key in enumerate(distinct)}
    by_identity = {id(value): numbers[_key(value)] for value in values}
    return {"u": list(distinct.values()), "i": [by_identity[id(value)] for value in values]}
