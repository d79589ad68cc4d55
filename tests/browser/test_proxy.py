"""Under a sub-path behind a real nginx that ends TLS, with the configuration that docs/operating.md shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.helpers import field, record_texts, set_slider, widget
from tests.conftest import CHROMIUM_FLAGS
from tests.serving import free_port

SUB_PATH = "/courses/dpo"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
PATIENCE = 240

CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        {location}
    }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site behind nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    app_port, port = free_port(), free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    (location,) = re.findall(
        r"```nginx\n(.*?)```", OPERATING.read_text(encoding="utf-8"), re.DOTALL
    )
    configuration = CONFIGURATION.format(
        folder=folder, port=port, location=location.replace(":8000", f":{app_port}")
    )
    (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
    command = Path(sys.executable).with_name("dpo-explained")
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    assert nginx is not None, "nginx is missing: `make browser` installs it"
    nginx_command: list[str | Path] = [
        nginx,
        "-p",
        folder,
        "-e",
        folder / "error.log",
        "-c",
        folder / "nginx.conf",
    ]
    serve = subprocess.Popen(
        [command, "serve", "--port", str(app_port), "--root-path", SUB_PATH],
        env={"PATH": "/usr/bin:/bin", "DPO_EXPLAINED_WARM": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serve.stderr is not None
    drain = threading.Thread(target=deque, args=(serve.stderr, 0), daemon=True)
    try:
        # It logs when it listens; if it ends before, so does its output.
        assert any("running on" in line for line in serve.stderr)
        # Keep reading, or the server would block on a full pipe.
        drain.start()
        # nginx goes to the background when its sockets are open.
        subprocess.run(nginx_command, check=True)
        try:
            yield f"https://127.0.0.1:{port}{SUB_PATH}"
        finally:
            subprocess.run([*nginx_command, "-s", "stop"], check=True)
    finally:
        serve.terminate()
        serve.wait(timeout=20)
        if drain.ident is not None:
            drain.join()
        serve.stderr.close()


@pytest.fixture(scope="module")
def trusting(browser: Browser) -> Iterator[Browser]:
    """A browser that takes any certificate.

    If a context ignores the errors, the browser repeats each request after the failed handshake, and
    sometimes gives one up for having been retried too often.
    """
    trusting = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[*CHROMIUM_FLAGS, "--ignore-certificate-errors"],
    )
    yield trusting
    trusting.close()


@pytest.fixture
def visitor(trusting: Browser, proxied: str) -> Iterator[Page]:
    """A page that records failures and requests outside the sub-path."""
    # Requests of Playwright itself do not go through the browser.
    context = trusting.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def check(address: str) -> None:
        if address.startswith("http") and not address.startswith(proxied):
            wrong.append(f"outside of the sub-path: {address}")

    page.on("request", lambda request: check(request.url))
    yield page
    context.close()
    assert wrong == []


def test_pages_links_and_statics_stay_under_the_sub_path(visitor: Page, proxied: str) -> None:
    visitor.goto(f"{proxied}/")
    visitor.get_by_role("link", name="Reward modeling").first.click()
    expect(visitor).to_have_url(f"{proxied}/sections/reward-modeling")
    found = widget(visitor, "reward_separation")
    set_slider(found, "reward_chosen", "2")
    expect(visitor).to_have_url(
        re.compile(rf"{re.escape(proxied)}/sections/reward-modeling\?reward_chosen=2")
    )
    for link in visitor.locator("a[href]").all():
        href = link.evaluate("link => link.href")
        inside = urlsplit(href).netloc != urlsplit(proxied).netloc or href.startswith(proxied)
        assert inside, href


def test_a_run_is_streamed_through_the_proxy(visitor: Page, proxied: str) -> None:
    visitor.goto(f"{proxied}/widgets/ppo_dynamics?iterations=20&seed=12")
    found = widget(visitor, "ppo_dynamics")
    told = record_texts(found, "[data-training-says]")
    found.locator("[data-settings] > summary").click()
    found.get_by_role("button", name="New seed").click()
    expect(found.locator("[data-live]")).to_contain_text("Iteration 20:")
    assert any(re.search(r": ([1-9]|1\d) of 20", text) for text in told.json_value())


def test_addresses_that_are_given_away_are_those_of_the_proxy(visitor: Page, proxied: str) -> None:
    visitor.goto(f"{proxied}/widgets/beta_effect?beta=0.2")
    found = widget(visitor, "beta_effect")
    found.locator("[data-details] > summary").click()
    field(found, "log_partition").click()
    shown = visitor.locator("[data-receipt=url]")
    expect(shown).to_have_text(f"{proxied}/api/v1/beta_effect?beta=0.2")
    snippet = visitor.locator("[data-receipt=snippet]").text_content() or ""
    assert f'"{proxied}/api/v1/"' in snippet


def test_without_a_script_forms_and_links_stay_under_the_sub_path(
    trusting: Browser, proxied: str
) -> None:
    context = trusting.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{proxied}/sections/dpo-loss")
    form = page.locator('dpo-widget[name="dpo_loss"] form')
    form.locator("[name=beta]").fill("0.25")
    form.get_by_role("button", name="Update").click()
    expect(page).to_have_url(re.compile(rf"^{re.escape(proxied)}/sections/dpo-loss\?.*beta=0.25"))
    context.close()


def test_what_consumers_and_teachers_are_given_leads_through_the_proxy(
    visitor: Page, proxied: str
) -> None:
    visitor.goto(f"{proxied}/widgets/dpo_loss?beta=0.3")
    head = visitor.locator("head")
    discovery = head.locator('link[type="application/json+oembed"]').get_attribute("href") or ""
    assert discovery.startswith(f"{proxied}/oembed?")
    embed = visitor.request.get(discovery).json()
    assert f'src="{proxied}/widgets/dpo_loss?beta=0.3"' in embed["html"]
    image = head.locator('meta[property="og:image"]').get_attribute("content") or ""
    assert image.startswith(f"{proxied}/cards/dpo_loss.png")
    assert visitor.request.get(image).headers["content-type"] == "image/png"
    snippets = visitor.request.get(f"{proxied}/api/v1/embeds/dpo_loss?beta=0.3").json()
    assert f'src="{proxied}/embed.js"' in snippets["script"]
    assert visitor.request.get(f"{proxied}/embed.js").ok
