from __future__ import annotations

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.content.sections import SECTIONS
from app.main import create_app
from app.settings import Settings

PATHS = ["/", f"/sections/{SECTIONS[0].slug}", "/read", "/sources", "/docs", "/embed", "/nothing"]
PATHS += ["/widgets/dpo_loss", "/widgets/dpo_loss/receipt", "/widgets/dpo_loss/share"]
COMPUTING = {"/read", "/sources", "/widgets/ppo_dynamics", "/sections/ppo-problem"}
"""pages that compute on the reader's machine, if asked to or while the server is busy"""

PATHS += ["/widgets/ppo_dynamics", "/sections/ppo-problem"]
PATHS += ["/api/v1/dpo_loss", "/api/v1/dpo_loss?beta=nan", "/embed.js", "/healthz"]


def policy(answer_headers: dict[str, str]) -> dict[str, str]:
    parts = (
        part.split(maxsplit=1) for part in answer_headers["content-security-policy"].split("; ")
    )
    return {part[0]: part[1] for part in parts}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = dict(client.get(path).headers)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    said = policy(headers)
    # Scripts only from our own files: neither inline, nor evaluated, nor from other hosts.
    assert said["default-src"] == "'self'"
    scripts = (said.get("script-src"), said.get("worker-src"))
    computes = ("'self' 'wasm-unsafe-eval'", "blob:")
    assert scripts == (computes if path in COMPUTING else (None, None))
    assert said["object-src"] == said["base-uri"] == "'none'"
    assert said["form-action"] == "'self'"
    # Only pages made for embedding may be framed.
    embeddable = path in ("/widgets/dpo_loss", "/widgets/ppo_dynamics")
    assert said.get("frame-ancestors") == (None if embeddable else "'self'")
    assert "set-cookie" not in headers


def test_who_may_embed_can_be_set() -> None:
    settings = Settings(
        warm=False, frame_ancestors="https://moodle.example https://*.school.example"
    )
    with TestClient(create_app(settings)) as client:
        said = policy(dict(client.get("/widgets/dpo_loss").headers))
        assert said["frame-ancestors"] == "https://moodle.example https://*.school.example"
        assert policy(dict(client.get("/").headers))["frame-ancestors"] == "'self'"


@pytest.mark.parametrize("bad", ["a; script-src *", "a\r\nSet-Cookie: b", ""])
def test_a_setting_can_not_slip_in_another_directive(bad: str) -> None:
    with pytest.raises(ValidationError):
        Settings(frame_ancestors=bad)
