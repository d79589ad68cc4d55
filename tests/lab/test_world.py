from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from app.lab.world import (
    PHRASES,
    RESPONSES,
    SLOTS,
    WORLD_FILE,
    WorldError,
    all_responses,
    load_world,
    response_number,
    sum_over_slots,
    the_world,
)


def test_the_responses_are_all_different_and_in_lexicographic_order() -> None:
    responses = all_responses()
    assert responses.shape == (RESPONSES, SLOTS)
    assert torch.equal(response_number(responses), torch.arange(RESPONSES))


def test_the_sixth_phrase_of_each_slot_and_no_other_flatters() -> None:
    for prompt in range(6):
        flattering = the_world().attribute("flattering", prompt)
        assert torch.equal(
            flattering, torch.eye(PHRASES, dtype=torch.float64)[-1].expand(SLOTS, -1)
        )


def test_a_sum_over_slots_is_what_adding_by_hand_gives() -> None:
    per_phrase = the_world().attribute("helpful", 2)
    for number in (0, 1, 4321, 7775):
        response = all_responses()[number].tolist()
        by_hand = sum(float(per_phrase[slot, phrase]) for slot, phrase in enumerate(response))
        assert float(sum_over_slots(per_phrase)[number]) == pytest.approx(by_hand, abs=1e-12)


def test_every_phrase_is_a_sentence() -> None:
    for prompt in the_world().prompts:
        for slot in prompt.phrases:
            for phrase in slot:
                assert phrase.text[0].isupper()
                assert phrase.text[-1] in ".!?"
                assert phrase.text == " ".join(phrase.text.split())


def break_phrase(change: dict[str, Any]) -> Callable[[Any], None]:
    def change_it(data: Any) -> None:
        data["prompts"][1]["phrases"][2][3].update(change)

    return change_it


def repeat_a_phrase(data: Any) -> None:
    phrases = data["prompts"][0]["phrases"]
    phrases[4][1]["text"] = phrases[0][0]["text"]


def lose_an_attribute(data: Any) -> None:
    del data["prompts"][1]["phrases"][2][3]["honest"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            break_phrase({"helpful": 1.5}),
            r"'poem', slot 'detail', phrase 3: helpful must be a number",
        ),
        (break_phrase({"honest": "high"}), "phrase 3: honest must be a number from -1 to 1"),
        (break_phrase({"honest": float("nan")}), "phrase 3: honest must be a number"),
        (break_phrase({"flattering": 0.5}), "flattering must be 0 or 1"),
        (break_phrase({"weight": 0}), "weight must be above 0"),
        (break_phrase({"text": " "}), "text must be a text"),
        (lose_an_attribute, "'poem', slot 'detail', phrase 3: honest is missing"),
        (repeat_a_phrase, "phrase text '.*' appears twice"),
        (lambda data: data["prompts"].pop(), "prompts must be 6, not 5"),
        (lambda data: data["prompts"][3]["phrases"].pop(), "'lottery': phrases must have 5 slots"),
        (lambda data: data["prompts"][3]["phrases"][0].pop(), "slot 'opening': needs 6 phrases"),
        (lambda data: data.pop("slots"), "the world: slots is missing"),
    ],
)
def test_a_bad_world_is_refused_with_the_place_named(
    change: Callable[[Any], None], message: str, tmp_path: Path
) -> None:
    data = json.loads(WORLD_FILE.read_text(encoding="utf-8"))
    change(data)
    file = tmp_path / "world.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(WorldError, match=message):
        load_world(file)


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(WorldError, match="not valid JSON"):
        load_world(file)
