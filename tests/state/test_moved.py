"""Old addresses of figures that have moved to another page lead to them, in their state."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings

OLD = "/sections/alignment-problem"
RUN = "/sections/dpo-loss"

MOVED = [
    (f"{OLD}?labels=abab", f"{RUN}?labels=abab"),
    (f"{OLD}?sampling_seed=3", f"{RUN}?sampling_seed=3"),
    (f"{OLD}?annotator.prompt=poem", f"{RUN}?annotator.prompt=poem"),
    # One prompt set both figures there, and would set another one here.
    (f"{OLD}?prompt=poem&labels=ab", f"{RUN}?annotator.prompt=poem&labels=ab"),
    (f"{OLD}?prompt=lock&annotator.prompt=poem", f"{RUN}?annotator.prompt=poem"),
    (f"{OLD}?preference_pairs.prompt=lock&pair=3&labels=ab", f"{RUN}?labels=ab"),
    (f"{RUN}?example=swapped", "/check?example=swapped"),
    (f"{RUN}?bring_your_logps.beta=1&dpo_loss.beta=2", "/check?beta=1"),
    (f"{RUN}?loss_type=ipo&example=mean", "/check?loss_type=ipo&example=mean"),
    (f"{RUN}?bring_your_logps.at=3", "/check?bring_your_logps.at=3"),
]
STAYED = [
    (f"{OLD}?prompt=poem&pair=3", 200),
    (f"{OLD}?labels=ab&nothing=1", 422),
    (f"{RUN}?beta=0.1&loss_type=ipo", 200),
]


@pytest.mark.parametrize(("old", "new"), MOVED)
def test_an_old_address_of_a_state_that_has_moved_leads_to_it(
    client: TestClient, old: str, new: str
) -> None:
    answer = client.get(old, follow_redirects=False)
    assert answer.status_code == 308
    address, _, place = answer.headers["location"].partition("#")
    assert address == new
    # The figure stands far below the top of its page.
    assert f'id="{place}"' in client.get(new).text
    assert place == f"{'annotator' if new.startswith(RUN) else 'bring_your_logps'}-title"
    head = client.head(old, follow_redirects=False)
    assert head.headers["location"] == answer.headers["location"]
    card = client.get(f"/cards{old.replace('?', '.png?')}", follow_redirects=False)
    assert (card.status_code, card.headers["location"]) == (
        308,
        f"/cards{new.replace('?', '.png?')}",
    )
    embeds = [
        client.get("/oembed", params={"url": f"http://testserver{url}"}) for url in (old, new)
    ]
    assert embeds[0].status_code == 200
    assert embeds[0].json() == embeds[1].json()


@pytest.mark.parametrize("new", [new for _, new in MOVED])
def test_no_address_moves_twice(client: TestClient, new: str) -> None:
    there = urlsplit(new)
    widget = "annotator" if there.path == RUN else "bring_your_logps"
    assert client.get(f"{new}", follow_redirects=False).status_code == 200
    query = there.query.replace(f"{widget}.prompt", "prompt")
    assert client.get(f"/widgets/{widget}?{query}").status_code == 200


@pytest.mark.parametrize(("address", "status"), STAYED)
def test_an_address_of_what_stayed_or_of_nothing_leads_nowhere_else(
    client: TestClient, address: str, status: int
) -> None:
    assert client.get(address, follow_redirects=False).status_code == status


def test_an_old_address_below_a_sub_path_stays_below_it() -> None:
    client = TestClient(create_app(Settings(warm=False)), root_path="/courses/dpo")
    answer = client.get(f"/courses/dpo{OLD}?labels=ab", follow_redirects=False)
    assert answer.headers["location"] == f"/courses/dpo{RUN}?labels=ab#annotator-title"
