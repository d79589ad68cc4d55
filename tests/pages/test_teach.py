"""The page for lecturers: what it says of the figures is so, and its sheets are for the class."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.cli import command_line
from app.content.sections import SECTIONS
from app.pages.lessons import LESSONS, reading_minutes
from app.pages.teach import EMBEDDED
from app.widgets.quiz.exercises import SEEDS, exercises, seeds_of
from app.widgets.registry import WIDGETS
from tests.site import trains


def html(client: TestClient, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return BeautifulSoup(answer.text, "html.parser")


# ---- sections ------------------------------------------------------------------------------------


def test_every_section_has_a_lesson(client: TestClient) -> None:
    assert LESSONS.keys() == {section.slug for section in SECTIONS}
    listed = html(client, "/teach").select(".lessons > li")
    assert [item.h3.a["href"] for item in listed if item.h3 and item.h3.a] == [
        f"/sections/{section.slug}" for section in SECTIONS
    ]


def test_a_section_reads_in_four_to_eight_minutes() -> None:
    minutes = {section.slug: reading_minutes(section.slug) for section in SECTIONS}
    assert all(4 <= each <= 8 for each in minutes.values()), minutes


# ---- activities ----------------------------------------------------------------------------------

Shows = Callable[[Any], bool]


def parts(result: Any) -> bool:
    return bool(result["check"]["max_abs_difference"] > 0.01)


def agrees(result: Any) -> bool:
    return bool(result["check"]["max_abs_difference"] < 1e-9)


def below_the_start(result: Any) -> bool:
    return bool(result["last"]["true_quality"] < -1)


def rises_until_12(result: Any) -> bool:
    one, other = result["history"][0], result["history"][12]
    return bool(one["true_quality"] < other["true_quality"] and one["reward"] < other["reward"])


def both_fall(result: Any) -> bool:
    return bool(result["rejected_change"] < result["chosen_change"] < 0)


def falls(result: Any, by: float) -> bool:
    best = max(place["true_quality"] for place in result["path"])
    return bool(best - result["path"][-1]["true_quality"] > by)


def curve(result: Any, method: str) -> list[Any]:
    (found,) = (one["places"] for one in result["curves"] if one["method"] == method)
    return list(found)


def dpo_falls(result: Any) -> bool:
    """From its best strength to a smaller one, by more than two standard errors."""
    by_strength = {one["strength"]: one for one in curve(result, "dpo")}
    best, small = by_strength[0.35], by_strength[0.1]
    best_below, small_below = (one["bound"] - one["true_quality"] for one in (best, small))
    error = math.hypot(best["true_quality_sd"], small["true_quality_sd"]) / best["seeds"] ** 0.5
    fall = best["true_quality"] - small["true_quality"]
    return bool(small_below > best_below and fall > 2 * error)


def alike(result: Any) -> bool:
    """As in the other pair of the activity, whose gap is the same."""
    return bool(result["loss"] == pytest.approx(0.12693, abs=1e-5))


SHOWS: dict[str, tuple[int | None, Shows]] = {
    # address: the place of the scrub, and what is true of its result
    "likelihood_displacement?likelihood_displacement.step=1": (0, both_fall),
    "likelihood_displacement?likelihood_displacement.step=1&likelihood_displacement.guess=a": (
        30,
        both_fall,
    ),
    "dpo_loss?dpo_loss.step=1": (None, alike),
    "dpo_loss?logratio_chosen=-4&logratio_rejected=-8&dpo_loss.step=3": (None, alike),
    "likelihood_displacement?likelihood_displacement.step=3": (
        30,
        lambda r: r["last"]["optimum"]["chosen_logp"] < r["first"]["optimum"]["chosen_logp"] - 10,
    ),
    "dpo_derivation?step=1": (None, agrees),
    "dpo_derivation?step=2&mistake=no_partition": (None, parts),
    "dpo_derivation?step=3&mistake=no_partition": (None, parts),
    "dpo_derivation?step=4&mistake=no_partition": (None, agrees),
    "dpo_derivation?step=6&mistake=no_partition": (None, agrees),
    "dpo_derivation?step=5&mistake=other_prompt": (None, parts),
    "ppo_dynamics?ppo_dynamics.step=1": (12, rises_until_12),
    "ppo_dynamics?ppo_dynamics.step=1&ppo_dynamics.guess=c": (150, below_the_start),
    "ppo_dynamics?ppo_dynamics.at=0": (0, rises_until_12),
    "ppo_dynamics?ppo_dynamics.at=12": (12, rises_until_12),
    "ppo_dynamics?ppo_dynamics.at=40": (40, below_the_start),
    "frontier?frontier.step=3": (
        14,
        lambda r: all(p["bound"] - p["true_quality"] < 0.1 for p in curve(r, "ppo_true")),
    ),
    "beta_effect?beta=0.1&reward=learned&beta_effect.step=4": (
        None,
        lambda r: r["true_quality"] < -5,
    ),
    "ppo_dynamics?kl_coefficient=0.7&ppo_dynamics.step=4": (
        150,
        lambda r: r["last"]["true_quality"] > 1,
    ),
    "overoptimization?comparisons=8000&overoptimization.step=3": (
        12,
        lambda r: falls(r, 1) and r["fitted"]["peak"] > r["all_fits"][2]["peak"],
    ),
    "overoptimization?comparisons=8000&reward_model=network&overoptimization.step=5": (
        12,
        lambda r: not falls(r, 0.2),
    ),
    "frontier?frontier.at=20": (20, dpo_falls),
    "frontier?frontier.at=22": (22, dpo_falls),
}


def figure_links(page: BeautifulSoup) -> list[str]:
    found = [str(link["href"]) for link in page.select(".activity a")]
    return [address.removeprefix("/widgets/") for address in found]


def test_the_figures_of_all_activities_are_checked_here(client: TestClient) -> None:
    assert figure_links(html(client, "/teach")) == list(SHOWS)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(one, marks=[pytest.mark.slow] if trains(f"/widgets/{one}") else [])
        for one in SHOWS
    ],
)
def test_a_link_of_an_activity_shows_what_the_activity_says(
    client: TestClient, address: str
) -> None:
    place, shows = SHOWS[address]
    path, _, query = address.partition("?")
    widget, given = WIDGETS[path], dict(parse_qsl(query))
    params = {name: value for name, value in given.items() if name in widget.params.model_fields}
    # Asked for first: until there is a result, the page shows another one.
    result = client.get(f"/api/v1/{widget.name}?{urlencode(params)}").json()
    assert shows(result)
    [figure] = html(client, f"/widgets/{address}").select("dpo-widget")
    [data] = figure.select("[data-result]")
    assert json.loads(data.text)["finding"] == result["finding"]
    scrub = figure.select_one("[data-at-range]")
    assert (int(str(scrub["value"])) if scrub else None) == place
    if step := given.get(f"{widget.name}.step"):
        [current] = figure.select('[aria-current="step"]')
        assert current.text.strip() == step
        asks = widget.steps[int(step) - 1].ask is not None
        asked = [ask for ask in figure.select("[data-ask]") if not ask.has_attr("hidden")]
        assert bool(asked) is (asks and f"{widget.name}.guess" not in given)


@pytest.mark.parametrize(("place", "strength"), [(20, 0.35), (22, 0.1)])
def test_the_places_of_the_frontier_are_those_of_dpo(
    client: TestClient, place: int, strength: float
) -> None:
    places = curve(client.get("/api/v1/frontier").json(), "dpo")
    [kl] = [one["kl"] for one in places if one["strength"] == strength]
    [readout] = html(client, f"/widgets/frontier?at={place}").select("[data-readout]")
    assert "DPO" in readout.text
    assert f"{kl:.1f}" in readout.text


def test_the_minutes_of_an_activity_add_up(client: TestClient) -> None:
    page = html(client, "/teach")
    for minutes in (5, 15, 45):
        heading = page.select_one(f"#minutes-{minutes}")
        assert heading is not None
        steps = heading.find_next("ol")
        assert isinstance(steps, Tag)
        assert sum(map(int, re.findall(r"\((\d+) min\)", steps.text))) == minutes


# ---- sheets --------------------------------------------------------------------------------------


@given(seed=st.integers(0, SEEDS - 1))
def test_no_two_groups_of_a_class_get_the_same_sheet(seed: int) -> None:
    sheets = [exercises(one) for one in seeds_of(seed, 30)]
    texts = ["".join(f"{one.text}{one.parts}" for one in sheet) for sheet in sheets]
    assert len(set(texts)) == 30


def test_neighbors_get_no_exercise_with_the_same_numbers() -> None:
    # The last one has those of the fourth.
    sheets = [[repr(one) for one in exercises(seed)[:-1]] for seed in range(100)]
    for sheet, following in pairwise(sheets):
        assert not set(sheet) & set(following)


def test_a_class_has_a_link_for_each_group_and_one_page_of_answers(client: TestClient) -> None:
    page = html(client, "/teach?groups=3&seed=999998")
    links = [str(link["href"]) for link in page.select(".group-links a")]
    assert links == [f"/teach/exercises?seed={seed}" for seed in (999_998, 999_999, 0)]
    assert [link.text for link in page.select(".group-links a")] == [
        f"http://testserver{link}" for link in links
    ]
    answers = html(client, "/teach/answers?seed=999998&groups=3").text
    for link in links:
        for exercise in html(client, link).select(".exercises > li > p:first-of-type"):
            assert exercise.text.removesuffix(" Find:").strip() in answers


def test_an_exercise_page_has_no_answer_and_no_way_to_one(client: TestClient) -> None:
    for seed in range(12):
        source = client.get(f"/teach/exercises?seed={seed}").text
        page = BeautifulSoup(source, "html.parser")
        assert "answers" not in source
        assert "/teach" not in [urlsplit(str(link["href"])).path for link in page.select("a")]
        assert not page.select("main a, main script, main [data-result], main input, main details")
        main = page.main
        assert main is not None
        for exercise in exercises(seed):
            for part in exercise.parts:
                assert part.working not in source
                # Short numbers may be among those that are given.
                if len(f"{part.value:.3g}") > 4:
                    assert part.answer not in main.text


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/teach?groups=0", ("groups", "from 1 to 30")),
        ("/teach?groups=31", ("groups", "from 1 to 30")),
        ("/teach?groups=two", ("groups", "from 1 to 30")),
        ("/teach?seed=-1", ("seed", "from 0 to 999999")),
        ("/teach/exercises?seed=1000000", ("seed", "from 0 to 999999")),
        ("/teach/exercises?groups=2", ("groups", "unknown parameter")),
        ("/teach/answers?seed=1.5", ("seed", "from 0 to 999999")),
        ("/teach/answers?groups=31", ("groups", "from 1 to 30")),
    ],
)
def test_a_bad_value_is_refused_with_field_and_range(
    client: TestClient, address: str, named: tuple[str, ...]
) -> None:
    answer = client.get(address)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    for text in named:
        assert text in answer.text


# ---- elsewhere -----------------------------------------------------------------------------------


def test_the_snippet_is_that_of_the_page_for_embedding(client: TestClient) -> None:
    name, query = EMBEDDED
    [snippet] = html(client, "/teach").select("[data-copy]")
    assert snippet.text == client.get(f"/api/v1/embeds/{name}?{query}").json()["iframe"]


def test_the_commands_exist(client: TestClient) -> None:
    [commands] = html(client, "/teach").select("#offline ~ pre")
    lines = commands.text.strip().splitlines()
    assert len(lines) == 3
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "dpo-explained"
        assert command_line().parse_args(arguments).run.__name__ == "_export"
