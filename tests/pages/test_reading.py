"""The ten sections, read in order: no term comes before the section that introduces it, and all are short."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

from app.content.sections import SECTIONS
from app.pages.lessons import reading_words
from tests.terms import INTRODUCED

SLUGS = [section.slug for section in SECTIONS]

LAID_ASIDE = ".cited, .departures, .cite, .turn, script, .on-paper, .narrow"
FOOT = "[data-settings], [data-details], .fig-foot"

MOST_WORDS = 9_000


@pytest.fixture(scope="module")
def articles(client: TestClient) -> dict[str, Tag]:
    """The text of each section, with what stands open in its figures."""
    found = {}
    for slug in SLUGS:
        page = BeautifulSoup(client.get(f"/sections/{slug}").text, "html.parser")
        article = page.select_one("article.prose")
        assert article is not None
        for part in article.select(f"{LAID_ASIDE}, {FOOT}, a[href*='/sections/']"):
            part.decompose()
        found[slug] = article
    return found


def test_no_term_is_used_before_the_section_that_introduces_it(articles: dict[str, Tag]) -> None:
    texts = {slug: article.get_text(" ") for slug, article in articles.items()}
    early, missing = [], []
    for place, slug in enumerate(SLUGS):
        for term in INTRODUCED[slug]:
            pattern = re.compile(rf"(?<!\w)(?:{term})(?!\w)")
            if not pattern.search(texts[slug]):
                missing.append((slug, term))
            for before in SLUGS[:place]:
                if found := pattern.search(texts[before]):
                    around = texts[before][max(0, found.start() - 60) : found.end() + 30]
                    early.append((before, term, slug, " ".join(around.split())))
    assert not missing, missing
    assert not early, "\n".join(map(str, early))


def test_all_ten_sections_read_in_an_hour() -> None:
    counts = {slug: reading_words(slug) for slug in SLUGS}
    assert sum(counts.values()) <= MOST_WORDS, counts
