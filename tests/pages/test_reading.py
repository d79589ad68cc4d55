"""The ten sections, read in order: no term comes before the section that introduces it, and all are short."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

from app.content.sections import SECTIONS

SLUGS = [section.slug for section in SECTIONS]

INTRODUCED = {
    "alignment-problem": (
        "prompt",
        "response",
        "preference pair",
        "chosen",
        "rejected",
        "label",
        "true quality",
        "token",
        "coin",
        "nats?",
        "helpful, honest and harmless",
    ),
    "rlhf-pipeline": (
        "RLHF",
        "SFT|supervised fine-tuning",
        "fine-tun(?:ed|ing)",
        "(the|a) reference",
        "reward models?",
        "(the|a) policy",
        "value models?",
        "PPO",
        "masked",
        "frozen",
    ),
    "reward-modeling": (
        "Bradley-Terry",
        "logistic function",
        "maximum likelihood",
        "cross-entropy",
        "margins?",
        "gradients?",
        "(?i:equivalent rewards)",
        "additive",
    ),
    "ppo-problem": (
        "KL",
        "β",
        "advantage",
        "clip(ped|ping)",
        "over-optimiz\\w+",
        "reward hacking",
        "best-of-N",
    ),
    "dpo-insight": (
        "optimal policy",
        "partition function|Z\\(x\\)",
        "log-ratios?",
        "implicit rewards?",
        "change of variables",
    ),
    "dpo-loss": ("the DPO loss", "squeezing effect", "displacement", "IPO", "NLL"),
    "beta": ("exchange rate", "SimPO", "CPO", "held-out"),
    "dpo-vs-rlhf": ("frontier", "(online|iterative) DPO", "standard errors?"),
    "results": ("win rate", "TL;DR", "Best of 128"),
    "bigger-picture": (
        "KTO",
        "ORPO",
        "cDPO",
        "NCA",
        "SPPO",
        "SLiC-HF",
        "UltraFeedback",
        "APO",
    ),
}
"""terms, as regular expressions of whole words, by the section that introduces them"""

LAID_ASIDE = ".cited, .departures, .cite, .turn, script, .on-paper, .narrow"
FOOT = "[data-settings], [data-details], .fig-foot"
FIGURES = "dpo-widget"
NOT_PROSE = f"{FIGURES}, math, .term-key, .gutter, .shed-pair dd"

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


def words(article: Tag) -> int:
    prose = BeautifulSoup(str(article), "html.parser")
    for part in prose.select(NOT_PROSE):
        part.decompose()
    return len(re.findall(r"\w[\w’'.,%/-]*", prose.get_text(" ")))


def test_all_ten_sections_read_in_an_hour(articles: dict[str, Tag]) -> None:
    counts = {slug: words(article) for slug, article in articles.items()}
    assert sum(counts.values()) <= MOST_WORDS, counts
