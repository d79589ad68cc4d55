"""The figures that findings lead to: each shows its mistake, and the mended one does not."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from app.check.findings.logs import LOG_FINDINGS
from app.check.findings.pairs import PAIR_FINDINGS
from app.check.run import check_run
from app.check.settings import RunSettings
from app.pages.check_examples import EXAMPLES
from app.widgets.bring_your_logps.widget import Params, compute

LOOKS = {
    f"{kind}-{look.name}": look
    for kind, looks in (("pairs", PAIR_FINDINGS), ("log", LOG_FINDINGS))
    for look in looks
}


def found_in(address: str) -> set[str] | None:
    """Mistakes that the check finds in what the figure draws; None if it draws no run."""
    url = urlsplit(address)
    query = dict(parse_qsl(url.query))
    if url.path == "/check":
        report = check_run(EXAMPLES[query["run"]].text().encode(), RunSettings())
        return {finding.name for finding in report.found}
    if url.path == "/widgets/bring_your_logps":
        return {warning.kind for warning in compute(Params.model_validate(query)).warnings}
    return None


@pytest.mark.parametrize("name", LOOKS)
def test_the_figure_of_a_mistake_has_it_and_the_mended_one_is_sound(
    name: str, client: TestClient
) -> None:
    look = LOOKS[name]
    assert look.see
    assert look.mended
    assert look.see != look.mended
    for address in (look.see, look.mended):
        assert client.get(address).status_code == 200
    assert urlsplit(look.see).path == urlsplit(look.mended).path
    made = found_in(look.see)
    if made is not None:
        assert look.name in made
        assert found_in(look.mended) == set()
