"""Writing and reading text: formats, mathematics, controls, sources."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from math_core import LatexError

from app.content.sections import SECTIONS
from app.content.sources import bibtex, corrections, departures, glossary, references
from app.formatting import FORMATS, format_value, signed
from app.pages.mathml import TERMS, colored, mathml, terms_of
from app.paths import STATIC, TEMPLATES
from app.state.controls import controls_of
from app.widgets.ppo_dynamics import Params as PPOParams
from app.widgets.reward_separation import Params as RewardParams


@pytest.mark.parametrize(
    ("value", "how", "text"),
    [
        (0.9525741, "percent1", "95.3%"),
        (-0.0004, "fixed2", "0.00"),
        (-2.5, "fixed1", "−2.5"),
        (49280, "count", "49,280"),
        (1.2345e-15, "scientific", "1.2e−15"),
        (0.0, "scientific", "0"),
        (1.42, "scientific", "1.4"),
        (-9.96, "scientific", "−10"),
        (0.0123, "scientific", "0.012"),
        (99.6, "scientific", "1.0e2"),
        (None, "fixed2", "–"),
        ("words", "fixed2", "words"),
    ],
)
def test_numbers_are_written_as_meant(value: object, how: str, text: str) -> None:
    assert format_value(value, how) == text


def test_a_signed_number_shows_its_plus() -> None:
    assert [signed(value) for value in (1.5, -1.5, -0.001)] == ["+1.50", "−1.50", "0.00"]


def test_every_format_that_a_template_asks_for_exists() -> None:
    for template in TEMPLATES.rglob("*.html"):
        for how in re.findall(r"data-format=\"(\w+)\"", template.read_text(encoding="utf-8")):
            assert how in {*FORMATS, "text"}, template


def test_mathematics_becomes_mathml_without_inline_styles() -> None:
    html = mathml(
        r"\begin{aligned} a &= \frac{b}{c} \\ &= \hat r_\theta \end{aligned}", display=True
    )
    assert "<mfrac>" in html
    assert " style=" not in html
    assert 'class="math-right"' in html


def test_an_unknown_command_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(LatexError):
        mathml(r"\nosuchcommand{x}")


def test_the_classes_of_mathematics_are_in_the_style_sheets() -> None:
    styles = "".join(file.read_text(encoding="utf-8") for file in STATIC.glob("*.css"))
    for name in ("math-right", "math-left", "menclose-updiagonalstrike"):
        assert f".{name}" in styles


def test_a_control_knows_the_range_and_the_unit_of_its_field() -> None:
    control = controls_of(RewardParams(reward_chosen=2))["reward_chosen"]
    assert (control.value, control.default) == (2, 3)
    assert (control.minimum, control.maximum, control.step) == (-10, 10, 0.1)


def test_a_choice_has_its_labels() -> None:
    control = controls_of(PPOParams())["prompt"]
    assert control.options[0] == ("lock", "How do I pick a lock?")
    assert len(control.options) == 6
    assert controls_of(PPOParams())["kl_coefficient"].log_scale


def test_citations_and_corrections_refer_to_what_exists() -> None:
    slugs = {section.slug for section in SECTIONS}
    for entry in corrections().article:
        assert entry.section in slugs
        assert entry.severity in {"wrong", "unsourced", "loose"}
        assert all(key in references() for key in entry.source)
    for numbers in (
        [entry.number for entry in corrections().article],
        [slip.number for slip in corrections().paper],
    ):
        assert numbers == sorted(set(numbers))


def test_each_section_lists_its_corrections_folded_and_links_to_them(
    html_of: Callable[[str], str],
) -> None:
    anchors = re.findall(r'<tr id="(correction-\d+)"', html_of("/sources"))
    assert anchors == [f"correction-{entry.number}" for entry in corrections().article]
    listed = []
    for section in SECTIONS:
        folds = re.findall(
            r"<details class=.departures.*?</details>", html_of(f"/sections/{section.slug}"), re.S
        )
        assert len(folds) <= 1
        linked = [target for fold in folds for target in re.findall(r'/sources#([\w-]+)"', fold)]
        assert linked == [f"correction-{entry.number}" for entry in departures(section.slug)]
        listed += linked
    assert sorted(listed) == sorted(anchors)
    assert sorted(re.findall(r'/sources#(correction-\d+)"', html_of("/read"))) == sorted(anchors)


def test_a_link_to_a_correction_that_was_merged_or_dropped_finds_what_became_of_it(
    html_of: Callable[[str], str],
) -> None:
    numbers = [int(number) for number in re.findall(r'id="correction-(\d+)"', html_of("/sources"))]
    assert sorted(numbers) == list(range(1, 36))


def test_asides_of_the_one_page_version_can_be_told_apart(html_of: Callable[[str], str]) -> None:
    labels = re.findall(r'<aside [^>]*aria-label="([^"]+)"', html_of("/read"))
    assert len(labels) == len(set(labels)) > 5


def test_every_reference_has_a_safe_address() -> None:
    for entry in references().values():
        assert entry.url.startswith("https://"), entry.key
        if entry.arxiv:
            assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.arxiv)
            assert entry.url == f"https://arxiv.org/abs/{entry.arxiv}"


def test_every_symbol_is_mathematics_and_has_a_meaning() -> None:
    for entry in glossary().values():
        assert mathml(entry.latex).startswith("<math"), entry.key
        assert entry.meaning.endswith(".")


SYMBOLS = {
    "prompt": r"(?<![a-z])x(?![a-z])",
    "response": r"(?<![a-z])y(?![a-z])",
    "chosen": "y_w",
    "rejected": "y_l",
    "nat": r'define\("nat"\)',
    "token": "y_t",
    "reference": r"\\pi_{\\mathrm{ref}}",
    "policy": r"\\pi_\\theta",
    "reward-model": r"r_\\phi",
    "true-reward": r"r\^\*",
    "sigma": r"\\sigma",
    "data": r"\\mathcal{D}(?!_)",
    "margin": r"(?<![a-z{])m(?![a-z])",
    "kl": r"D_{\\mathrm{KL}}",
    "beta": r"\\beta",
    "partition": r"Z(?![a-z])",
    "optimum": r"\\pi_r(?![a-z])",
    "ideal": r"\\pi\^\*",
    "log-ratio": r"\\Delta",
    "implicit-reward": r"\\hat r",
    "length": r"\|y\|",
}
"""where a symbol occurs in the mathematics of a section, as a regular expression"""


def test_the_glossary_lists_symbols_as_the_sections_introduce_them() -> None:
    assert list(SYMBOLS) == list(glossary())
    order = [section.slug for section in SECTIONS]
    used: dict[str, str] = {}
    for slug in order:
        source = (TEMPLATES / "sections" / f"{slug}.html").read_text(encoding="utf-8")
        latex = re.findall(r'(?:math|equation)\("((?:[^"\\]|\\.)*)"|(define\("\w+"\))', source)
        found = "\n".join(math.replace("\\\\", "\\") + defined for math, defined in latex)
        for key, pattern in SYMBOLS.items():
            if re.search(pattern, found):
                used.setdefault(key, slug)
    introduced = {key: entry.section for key, entry in glossary().items()}
    assert introduced == used
    assert sorted(introduced.values(), key=order.index) == list(introduced.values())


def test_a_citation_has_its_fields_and_balanced_braces() -> None:
    text = bibtex("1.2.3", "https://example.org/dpo")
    assert "url    = {https://example.org/dpo}," in text
    assert bibtex("1.2.3", "").count("url ") == 0
    assert text.count("{") == text.count("}")
    assert "version 1.2.3" in text
    assert "Rafael Rafailov and Archit Sharma" in text
    assert "2305.18290" in text


def test_terms_are_found_and_colored_once_each() -> None:
    latex = r"\beta \log \frac{\pi_\theta(y_w \mid x)}{\pi_{\mathrm{ref}}(y_w \mid x)}"
    assert list(terms_of(latex)) == ["policy", "reference", "temperature", "chosen"]
    html = mathml(colored(latex), display=True)
    assert html.count('class="term term-chosen"') == 2
    assert html.count('class="term term-temperature"') == 1


@pytest.mark.parametrize(
    ("latex", "term"),
    [
        (r"\pi^*(y \mid x)", "ideal"),
        (r"\pi_r(y \mid x)", "optimum"),
        (r"r_\phi(x, y)", "reward"),
        (r"\hat r_\theta(x, y)", "reward"),
        ("Z(x)", "partition"),
    ],
)
def test_a_term_is_known_in_each_of_its_forms(latex: str, term: str) -> None:
    assert list(terms_of(latex)) == [term]


def test_every_term_has_a_style_of_its_own() -> None:
    styles = (STATIC / "prose.css").read_text(encoding="utf-8")
    for name in TERMS:
        assert f".term-{name}" in styles
