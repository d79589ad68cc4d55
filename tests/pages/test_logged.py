"""The glossary explains what trainers log."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from app.check.trainer_table import trainer_table


@pytest.fixture
def page(client: TestClient) -> BeautifulSoup:
    return BeautifulSoup(client.get("/symbols").raise_for_status().text, "html.parser")


def test_each_logged_name_has_a_place_and_its_meaning(page: BeautifulSoup) -> None:
    for quantity in trainer_table().quantities:
        place = page.find(id=f"logged-{quantity.key.replace('/', '-')}")
        assert place is not None, quantity.key
        assert quantity.key in place.text
        assert quantity.meaning in place.text


def test_other_spellings_stand_with_their_trainer(page: BeautifulSoup) -> None:
    place = page.find(id="logged-logps-chosen")
    assert place is not None
    (torchtune,) = [row.text for row in place.find_all("dd") if "torchtune" in row.text]
    assert "log_probs/chosen" in torchtune


def test_each_trainer_has_a_place_with_its_losses(page: BeautifulSoup) -> None:
    for trainer in trainer_table().trainers:
        place = page.find(id=f"trainer-{trainer.key}")
        assert place is not None, trainer.key
        assert all(loss.loss_type in place.text for loss in trainer.losses)
