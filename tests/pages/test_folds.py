"""Folded passages: open where the address means a figure in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

FOLDED = {
    "/sections/ppo-problem": "overoptimization",
    "/sections/dpo-vs-rlhf": "pipeline_comparison",
}


def fold_of(html: str, widget: str) -> Tag:
    found = BeautifulSoup(html, "html.parser").select_one(
        f'details.fold:has(dpo-widget[name="{widget}"])'
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("/sections/ppo-problem", False),
        ("/sections/ppo-problem?method=ppo", True),
        ("/sections/ppo-problem?overoptimization.step=2", True),
        ("/sections/ppo-problem?overoptimization.reward_model=network", True),
        # Of the other figure, or of both.
        ("/sections/ppo-problem?kl_coefficient=0.1", False),
        ("/sections/ppo-problem?reward_model=additive", False),
        ("/sections/ppo-problem?q_kl=new", False),
        ("/sections/dpo-vs-rlhf", False),
        ("/sections/dpo-vs-rlhf?pipeline_comparison.at=3", True),
    ],
)
def test_a_fold_is_open_if_the_address_means_its_figure(
    client: TestClient, address: str, is_open: bool
) -> None:
    page = client.get(address)
    assert page.status_code == 200
    assert fold_of(page.text, FOLDED[address.partition("?")[0]]).has_attr("open") == is_open


@pytest.mark.slow
def test_all_folds_with_figures_are_open_on_the_one_page(html_of: Callable[[str], str]) -> None:
    for widget in FOLDED.values():
        assert fold_of(html_of("/read"), widget).has_attr("open")
