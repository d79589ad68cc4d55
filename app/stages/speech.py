"""What policies say, as stages show it: phrases by number, with those that flatter marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from app.charts.stage import by_place
from app.lab.world import the_world

COUNTS = ("none", "one", "two", "three", "four", "all five")


@lru_cache(maxsize=6)
def _phrases(prompt_id: str) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """Text and flattery of the phrases of each slot."""
    prompt = the_world().prompts[the_world().prompt_number(prompt_id)]
    return tuple(
        tuple((phrase.text, bool(phrase.flattering)) for phrase in slot) for slot in prompt.phrases
    )


def phrase_ids(prompt_id: str, response: str) -> list[int]:
    """The phrases of a response, numbered over all slots.

    Raises:
        ValueError: it is none of the prompt's responses
    """
    found, rest, number = [], response, 0
    for slot in _phrases(prompt_id):
        for text, _ in slot:
            if (rest + " ").startswith(text + " "):
                found.append(number + [t for t, _ in slot].index(text))
                rest = rest[len(text) + 1 :]
                break
        else:
            raise ValueError(f"{response!r} is no response to {prompt_id}")
        number += len(slot)
    return found


def flattery(prompt_id: str, ids: Iterable[int]) -> list[bool]:
    """Which of these phrases flatter."""
    flat = [flatters for slot in _phrases(prompt_id) for _, flatters in slot]
    return [flat[number] for number in ids]


def how_many_flatter(prompt_id: str, ids: Iterable[int]) -> str:
    """How many of the five phrases of a response flatter, in words."""
    return COUNTS[sum(flattery(prompt_id, ids))]


def speaker(who: Any, role: Any, prompt_id: str, responses: str | Sequence[str]) -> dict[str, Any]:
    """Who speaks, in the color of a role: one response, or one for each place of the scrub."""
    if isinstance(responses, str):
        said: Any = phrase_ids(prompt_id, responses)
    else:
        said = by_place(phrase_ids(prompt_id, response) for response in responses)
    return {"who": who, "role": role, "phrases": said}


def speech(prompt_id: str, *speakers: dict[str, Any]) -> dict[str, Any]:
    """The part of a stage's ``more`` that holds what is said."""
    table = [[text, int(flat)] for slot in _phrases(prompt_id) for text, flat in slot]
    return {"phrases": table, "speech": list(speakers)}
