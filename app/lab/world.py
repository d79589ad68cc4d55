"""The world: six prompts, five slots, six phrases a slot, read from one validated data file.

A response is a tuple of five phrase numbers. Responses are enumerated in lexicographic order, so
that the first slot varies slowest; every tensor over "all responses" in the lab has this order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

WORLD_FILE = Path(__file__).parent / "data" / "world.json"

PROMPTS = 6
SLOTS = 5
PHRASES = 6
RESPONSES = PHRASES**SLOTS


class WorldError(ValueError):
    """The world file is wrong; the message names the prompt, slot and phrase."""


@dataclass(frozen=True)
class Phrase:
    """One phrase with its authored attributes.

    ``helpful``, ``harmless`` and ``honest`` lie in [-1, 1], ``flattering`` is 0 or 1, ``weight`` in
    (0, 1] says how often demonstrators write it, relative to the others of its slot.
    """

    text: str
    helpful: float
    harmless: float
    honest: float
    flattering: int
    weight: float


@dataclass(frozen=True)
class Prompt:
    """One prompt x with its phrases, ``phrases[slot][phrase]``."""

    id: str
    text: str
    kind: str
    phrases: tuple[tuple[Phrase, ...], ...]


@dataclass(frozen=True)
class World:
    """All prompts and the names of the slots."""

    slots: tuple[str, ...]
    prompts: tuple[Prompt, ...]

    def prompt_number(self, prompt_id: str) -> int:
        """The number of a prompt by its id. Raises KeyError for an unknown id."""
        for number, prompt in enumerate(self.prompts):
            if prompt.id == prompt_id:
                return number
        raise KeyError(prompt_id)

    def text(self, prompt: int, response: Sequence[int]) -> str:
        """The readable response: its five phrases joined by spaces."""
        return " ".join(phrase.text for phrase in self.said(prompt, response))

    def said(self, prompt: int, response: Sequence[int]) -> list[Phrase]:
        """The five phrases of a response, given by their numbers."""
        slots = self.prompts[prompt].phrases
        return [slots[slot][phrase] for slot, phrase in enumerate(response)]

    def attribute(self, name: str, prompt: int) -> Tensor:
        """One attribute of a prompt's phrases, float64. Shape: (slots, phrases)."""
        return torch.tensor(
            [[float(getattr(p, name)) for p in slot] for slot in self.prompts[prompt].phrases],
            dtype=torch.float64,
        )


@lru_cache(maxsize=1)
def all_responses() -> Tensor:
    """Every response as phrase numbers, in lexicographic order. Shape: (7776, 5), int64."""
    return torch.cartesian_prod(*[torch.arange(PHRASES)] * SLOTS)


def response_number(responses: Tensor) -> Tensor:
    """Place of responses in the lexicographic order. Shapes: (..., 5) -> (...)."""
    powers = PHRASES ** torch.arange(SLOTS - 1, -1, -1)
    return (responses * powers).sum(-1)


def sum_over_slots(per_phrase: Tensor) -> Tensor:
    """Sum a value per phrase over the phrases of every response. Shapes: (5, 6) -> (7776,)."""
    return per_phrase[torch.arange(SLOTS), all_responses()].sum(-1)


def load_world(path: Path = WORLD_FILE) -> World:
    """Read and validate a world file.

    Raises:
        WorldError: naming the prompt, slot and phrase that is missing, out of range or repeated.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorldError(f"{path.name} is not valid JSON: {error}") from error
    slots = tuple(_get(data, "slots", "the world"))
    if len(slots) != SLOTS or len(set(slots)) != SLOTS:
        raise WorldError(f"slots must be {SLOTS} different names, not {list(slots)}")
    prompts = tuple(_prompt(entry, slots) for entry in _get(data, "prompts", "the world"))
    if len(prompts) != PROMPTS:
        raise WorldError(f"prompts must be {PROMPTS}, not {len(prompts)}")
    _refuse_repeats([p.id for p in prompts], "prompt id")
    _refuse_repeats([p.text for p in prompts], "prompt text")
    _refuse_repeats([f.text for p in prompts for s in p.phrases for f in s], "phrase text")
    return World(slots, prompts)


@lru_cache(maxsize=1)
def the_world() -> World:
    """The world that ships with the package, read once."""
    return load_world()


def _prompt(entry: Any, slots: tuple[str, ...]) -> Prompt:
    where = f"prompt {entry.get('id', '?')!r}" if isinstance(entry, dict) else "a prompt"
    rows = _get(entry, "phrases", where)
    if len(rows) != SLOTS:
        raise WorldError(f"{where}: phrases must have {SLOTS} slots, not {len(rows)}")
    phrases = []
    for slot, row in zip(slots, rows, strict=True):
        if len(row) != PHRASES:
            raise WorldError(f"{where}, slot {slot!r}: needs {PHRASES} phrases, not {len(row)}")
        here = [f"{where}, slot {slot!r}, phrase {number}" for number in range(PHRASES)]
        phrases.append(tuple(_phrase(p, at) for p, at in zip(row, here, strict=True)))
    return Prompt(
        id=_text(entry, "id", where),
        text=_text(entry, "text", where),
        kind=_text(entry, "kind", where),
        phrases=tuple(phrases),
    )


def _phrase(entry: Any, where: str) -> Phrase:
    flattering = _number(entry, "flattering", where, 0, 1)
    if flattering not in (0, 1):
        raise WorldError(f"{where}: flattering must be 0 or 1, not {flattering}")
    weight = _number(entry, "weight", where, 0, 1)
    if weight == 0:
        raise WorldError(f"{where}: weight must be above 0, or the phrase has no support")
    return Phrase(
        text=_text(entry, "text", where),
        helpful=_number(entry, "helpful", where, -1, 1),
        harmless=_number(entry, "harmless", where, -1, 1),
        honest=_number(entry, "honest", where, -1, 1),
        flattering=int(flattering),
        weight=weight,
    )


def _get(entry: Any, key: str, where: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise WorldError(f"{where}: {key} is missing")
    return entry[key]


def _text(entry: Any, key: str, where: str) -> str:
    value = _get(entry, key, where)
    if not isinstance(value, str) or not value.strip():
        raise WorldError(f"{where}: {key} must be a text, not {value!r}")
    return value


def _number(entry: Any, key: str, where: str, low: float, high: float) -> float:
    value = _get(entry, key, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise WorldError(f"{where}: {key} must be a number from {low} to {high}, not {value!r}")
    return float(value)


def _refuse_repeats(values: list[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise WorldError(f"{what} {value!r} appears twice")
        seen.add(value)
