"""Refusing names that are given twice, of which any one value would be a guess."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from app.web.problem import MAX_ERRORS, MAX_NAME, FieldError, InvalidParams, truncated


def refuse_repeated(given: Iterable[tuple[str, str]], lists: Collection[str] = ()) -> None:
    """Refuse what has a name twice.

    Args:
        given: names with their values as text
        lists: names that may be repeated

    Raises:
        InvalidParams: for each other name that is
    """
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    twice = [name for name, its in values.items() if len(its) > 1 and name not in lists]
    if twice:
        raise InvalidParams(
            [FieldError(field=name, message=_given(values[name])) for name in twice[:MAX_ERRORS]],
            more=max(0, len(twice) - MAX_ERRORS),
        )


def _given(values: Sequence[str]) -> str:
    """That a name has several values, the first of which are told."""
    told = " and ".join(repr(truncated(value, MAX_NAME)) for value in values[:2])
    times = "twice" if len(values) == 2 else f"{len(values):,} times"
    return f"given {times}: {told}{'' if len(values) == 2 else ' and others'}"
