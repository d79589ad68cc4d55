"""The recorded runs of the home page are what this checkout computes."""

from __future__ import annotations

import pytest
from markupsafe import Markup
from starlette.testclient import TestClient

from app.lab.trained import the_lab
from app.studies.home_run import PLACES, PROMPT, load_recorded_runs, record


@pytest.mark.slow
def test_recording_again_gives_the_same_runs() -> None:
    """Equal up to what another processor may round differently over the training."""
    shipped, again = load_recorded_runs(), record()
    assert (shipped.prompt, shipped.seed) == (again.prompt, again.seed)
    for one, other in ((shipped.ppo, again.ppo), (shipped.dpo, again.dpo)):
        assert one.kl == pytest.approx(other.kl, abs=0.1)
        assert one.true_quality == pytest.approx(other.true_quality, abs=0.1)
        assert one.learned_reward == pytest.approx(other.learned_reward, abs=0.1)
        for end in (0, -1):
            assert shipped.answers[one.says[end]] == again.answers[other.says[end]]


def test_both_runs_start_as_the_reference_and_stay_below_the_frontier() -> None:
    run = load_recorded_runs()
    frontier = the_lab().facts(the_lab().world.prompt_number(PROMPT)).frontier
    for path in (run.ppo, run.dpo):
        assert len(path.kl) == PLACES + 1
        assert (path.kl[0], path.true_quality[0]) == pytest.approx((0, 0), abs=1e-4)
        for kl, quality in zip(path.kl, path.true_quality, strict=True):
            assert quality <= frontier.bound(kl) + 1e-3
    assert run.ppo.says[0] == run.dpo.says[0]


def test_ppo_overoptimizes_and_dpo_does_not() -> None:
    run = load_recorded_runs()
    assert run.ppo.true_quality[-1] < 0 < run.ppo.true_quality[run.ppo.peak()]
    assert run.ppo.learned_reward[-1] > run.ppo.learned_reward[run.ppo.peak()]
    assert run.dpo.true_quality[-1] > run.ppo.true_quality[run.ppo.peak()]
    assert run.kl_coefficient == run.dpo_beta


@pytest.mark.parametrize("place", [0, 40, PLACES])
def test_the_home_page_says_what_the_policies_say_at_a_place(
    client: TestClient, place: int
) -> None:
    html = Markup(client.get(f"/?hero.at={place}").text).striptags()
    run = load_recorded_runs()
    for path in (run.ppo, run.dpo):
        assert run.answers[path.says[place]] in html
    assert "recorded" in html
