"""The comparison of RLHF and DPO: means with their errors, and what the text of section VIII says."""

from __future__ import annotations

import statistics

import pytest

from app.lab.reward_model import RewardKind
from app.lab.world import PROMPTS
from app.studies.comparison import _on_path, compared, network_ahead, reached
from app.studies.data import comparison_study
from app.studies.sweep import COMPARED_STRENGTHS


def test_means_and_errors_are_those_of_ten_seeds() -> None:
    for prompt in range(PROMPTS):
        points = [
            row.points[0]
            for row in comparison_study().rows
            if (row.prompt, row.method, row.reward_model, row.strength)
            == (prompt, "ppo", "network", 0.3)
        ]
        assert len(points) == 10
        kl, quality, _ = zip(*points, strict=True)
        found = reached("ppo", RewardKind.network, 0.3, prompt)
        assert found.true_quality == pytest.approx(statistics.mean(quality))
        assert found.true_quality_se == pytest.approx(statistics.stdev(quality) / 10**0.5)
        assert found.kl == pytest.approx(statistics.mean(kl))
        assert found.kl_se == pytest.approx(statistics.stdev(kl) / 10**0.5)


def test_a_mean_over_prompts_has_the_mean_of_theirs_and_errors_that_add_in_squares() -> None:
    """Up to what ten seeds say of independence: their errors are estimates."""
    of_prompts = [reached("dpo", RewardKind.additive, 1.0, n) for n in range(PROMPTS)]
    all_of_them = reached("dpo", RewardKind.additive, 1.0, None)
    mean = sum(found.true_quality for found in of_prompts) / PROMPTS
    assert all_of_them.true_quality == pytest.approx(mean)
    independent = sum(found.true_quality_se**2 for found in of_prompts) ** 0.5 / PROMPTS
    assert independent / 3 < all_of_them.true_quality_se < independent * 3


def test_what_section_viii_says_of_the_comparison_holds() -> None:
    assert [strength for strength, _ in compared()] == sorted(COMPARED_STRENGTHS)
    for strength, (additive, network, dpo) in compared():
        assert abs(network.true_quality - dpo.true_quality) < 0.5
        assert network.kl != pytest.approx(dpo.kl, rel=0.05)
        if strength < 0.5:  # the leash is loose enough to reach what a sum cannot punish
            assert additive.true_quality < min(network.true_quality, dpo.true_quality) - 1


def test_a_path_begins_at_the_reference_and_passes_through_its_policies() -> None:
    assert network_ahead(0.0).abs().max() == 0
    row = next(r for r in comparison_study().rows if (r.method, r.seed) == ("dpo", 4))
    at_its_kl = network_ahead(row.points[0][0])[row.prompt, 4]
    assert at_its_kl + row.points[0][1] == pytest.approx(
        float(_on_path("ppo", RewardKind.network, row.points[0][0])[row.prompt, 4])
    )


def test_runs_that_were_not_made_are_missed_by_name() -> None:
    with pytest.raises(LookupError, match="ppo at 7 with the network model"):
        reached("ppo", RewardKind.network, 7, None)
