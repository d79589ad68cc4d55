"""The recorded run of the home page is what this checkout computes."""

from __future__ import annotations

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from app.lab.trained import the_lab
from app.pages.hero import drawing
from app.studies.home_run import PROMPT, load_recorded_run, record


@pytest.mark.slow
def test_recording_again_gives_the_same_run() -> None:
    """Equal up to what another processor may round differently over 150 iterations."""
    shipped, again = load_recorded_run(), record()
    assert (shipped.prompt, shipped.seed) == (again.prompt, again.seed)
    assert len(shipped.path) == len(again.path)
    for one, other in zip(shipped.path, again.path, strict=True):
        assert one.kl == pytest.approx(other.kl, abs=0.1)
        assert one.true_quality == pytest.approx(other.true_quality, abs=0.1)
    for moment in ("start", "end"):
        assert getattr(shipped, moment).says == getattr(again, moment).says


def test_the_run_over_optimises_below_the_frontier() -> None:
    run = load_recorded_run()
    frontier = the_lab().facts(the_lab().world.prompt_number(PROMPT)).frontier
    for place in run.path:
        assert place.true_quality <= frontier.bound(place.kl) + 1e-3
    assert run.end.true_quality < run.start.true_quality < run.peak.true_quality
    assert run.end.learned_reward > run.peak.learned_reward


def test_the_drawing_keeps_the_order_of_values_and_stays_in_its_box() -> None:
    drawn = drawing(load_recorded_run())
    for x, y in drawn.points.values():
        assert drawn.left <= x <= drawn.right
        assert 0 < y < drawn.bottom
    # Higher quality is higher up, at a smaller y.
    assert drawn.points["peak"][1] < drawn.points["start"][1] < drawn.points["end"][1]
    assert drawn.path.count("L") == len(load_recorded_run().path) - 1


def test_the_home_page_tells_the_run_in_words(client: TestClient) -> None:
    html = client.get("/").text
    run = load_recorded_run()
    for moment in (run.start, run.peak, run.end):
        assert escape(moment.says) in html
    assert "recorded" in html
