from __future__ import annotations

from app.lab.world import the_world
from app.studies.answers import answer
from app.studies.data import frontier_study


def test_every_place_of_the_study_has_an_answer() -> None:
    for row in frontier_study().rows:
        if row.seed == 0:
            said = answer(row.prompt, row.method, row.strength, row.reward_model)
            prompt = the_world().prompts[row.prompt]
            assert any(said.startswith(phrase.text) for phrase in prompt.phrases[0])
