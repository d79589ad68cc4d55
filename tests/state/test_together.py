"""The address of a page with several figures leads back to what each of them shows."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from app.content.sections import section_by_slug
from app.state.together import states_of
from app.state.widget_state import WidgetState
from app.widgets.registry import WIDGETS
from tests.site import Elements


def states(slug: str, query: str) -> dict[str, WidgetState]:
    """The figures of a section in the state of a query."""
    section = section_by_slug(slug)
    assert section is not None
    found = states_of((WIDGETS[name] for name in section.widgets), dict(parse_qsl(query)))
    return {state.widget.name: state for state in found}


def betas(query: str) -> list[float]:
    found = [state.params.model_dump() for state in states("dpo-loss", query).values()]
    return [params["beta"] for params in found if "beta" in params]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [0.5, 0.1]),
        ("beta=0.2", [0.2, 0.2]),
        ("dpo_loss.beta=2", [2, 0.1]),
        ("dpo_loss.beta=2&likelihood_displacement.beta=0.03", [2, 0.03]),
        ("beta=0.2&dpo_loss.beta=2", [2, 0.2]),
    ],
)
def test_a_bare_name_sets_every_figure_and_a_qualified_one_wins(
    query: str, expected: list[float]
) -> None:
    assert betas(query) == expected


def test_a_step_leads_to_its_state_beside_parameters_of_another_figure() -> None:
    found = states("dpo-loss", "dpo_loss.step=4&likelihood_displacement.beta=0.03")["dpo_loss"]
    assert (found.number, found.left) == (4, False)


def test_links_of_a_figure_keep_the_states_of_the_others() -> None:
    query = "dpo_loss.beta=2&likelihood_displacement.beta=0.03&logratio_chosen=2"
    there = states("dpo-loss", query)["dpo_loss"].here_query(beta=1)
    assert betas(there[1:]) == [1, 0.03]
    steps = [states("dpo-loss", query)["likelihood_displacement"].step_query(n) for n in (1, 2)]
    assert [betas(step[1:])[0] for step in steps] == [2, 2]


def test_a_figure_has_bare_names_on_its_own_page(client: TestClient) -> None:
    found = Elements(client.get("/sections/dpo-loss?dpo_loss.beta=2").text)
    shares = [a["href"] or "" for a in found.all("a") if a.get("data-link") == "share"]
    assert [urlsplit(share).query for share in shares] == ["beta=2", "", "", ""]
    assert client.get("/widgets/dpo_loss?dpo_loss.beta=2").status_code == 422


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("dpo_loss.beta=2&likelihood_displacement.beta=0.03", [2, 0.03]),
        ("beta=0.1", [0.1, 0.1]),
    ],
)
def test_previews_show_the_state_of_every_figure(
    client: TestClient, query: str, expected: list[float]
) -> None:
    found = Elements(client.get(f"/sections/dpo-loss?{query}").text)
    for name in ("og:url", "og:image"):
        address = urlsplit(found.one("meta", property=name)["content"] or "")
        assert betas(address.query) == expected
        assert client.get(f"{address.path}?{address.query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("dpo_loss.beta=x", "dpo_loss.beta"),
        ("beta=x", "beta"),
        ("dpo_loss.loss=dpo", "dpo_loss.loss"),
        ("ppo_dynamics.seed=1", "ppo_dynamics.seed"),
        ("dpo_loss.beta=1&dpo_loss.beta=2", "dpo_loss.beta"),
    ],
)
def test_a_refusal_names_the_parameter_as_given(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/sections/dpo-loss?{query}")
    assert answer.status_code == 422
    assert f"<strong>{field}</strong>" in answer.text
