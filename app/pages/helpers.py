"""The helpers that section fragments and widget templates call: headings, citations, equations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.charts.stage_svg import NARROW, WIDE, resolved, svg
from app.charts.table import columns_of
from app.content import dpo_code
from app.content.sections import SECTIONS, section_by_slug
from app.content.sources import departures, glossary, references
from app.formatting import format_value
from app.lab.world import the_world
from app.pages.head import page_head
from app.pages.mathml import colored, mathml, terms_of
from app.paths import STATIC
from app.state.query import query_of
from app.state.together import addressed
from app.state.views import WidgetView
from app.studies.browser_data import lab_json
from app.studies.comparison import compared
from app.studies.quoted import quoted
from app.studies.shed_pair import NUMBER, shed_pair
from app.web.templating import link, templates
from app.widgets.dpo_derivation.steps import DERIVATION

BESIDE = 306
"""pixels that text beside a drawing takes"""


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@lru_cache(maxsize=32)
def headings_of(slug: str) -> list[tuple[str, str]]:
    """Anchor and text of each subheading of a section, found in its template."""
    loader = templates.env.loader
    assert loader is not None
    source = loader.get_source(templates.env, f"sections/{slug}.html")[0]
    found = re.findall(r'\{\{ heading\("([^"]+)"\) \}\}', source)
    return [(_anchor(text), text) for text in found]


@pass_context
def _heading(context: Context, text: str) -> Markup:
    """A subheading with an anchor, one level below the section's heading."""
    level = context["heading_level"]
    anchor = _anchor(text)
    here = Markup('<a class="anchor" href="#{}" aria-label="Link to {}">#</a>').format(anchor, text)
    return Markup('<h{0} id="{1}">{2} {3}</h{0}>').format(level, anchor, text, here)


@pass_context
def _widget(context: Context, name: str) -> Markup:
    """A widget in the state of the page."""
    view = context["views"][name]
    template = templates.env.get_template(f"widgets/{name}.html")
    rendered = Markup(template.render({**context.get_all(), "w": view}))
    return _pending.pending(view.pending, rendered) if view.pending else rendered  # type: ignore[attr-defined]


def _without_texts(sheet: dict[str, Any]) -> dict[str, Any]:
    """A sheet for the script of its page, where the texts of open questions stand already."""
    questions = [
        {
            key: value
            for key, value in one.items()
            if one["answer"] or key not in ("text", "options")
        }
        for one in sheet["questions"]
    ]
    return sheet | {"questions": questions}


@pass_context
def _fold(context: Context, title: str, caller: Callable[[], str]) -> Markup:
    """A passage that is folded up: ``{% call fold("Title") %}…{% endcall %}``.

    It is open if the address holds the state of a figure in it, and where nothing can be folded up.
    """
    inside = Markup(caller())
    views = context["views"]
    shown = addressed((view.widget for view in views.values()), query_of(context["request"]))
    held = {*re.findall(r'<dpo-widget name="(\w+)"', inside)}
    is_open = held & shown or not context.get("live_url", True)
    return Markup('<details class="fold{}" id="{}"{}><summary>{}</summary>{}</details>').format(
        " wide" if held else "", _anchor(title), Markup(" open") if is_open else "", title, inside
    )


@pass_context
def _cite(context: Context, key: str, where: str = "") -> Markup:
    reference = references()[key]
    label = reference.short + (f", {where}" if where else "")
    # Pages that list their sources at the end collect them in a dict.
    cited = context.get("cited")
    if cited is not None:
        cited[key] = reference
    about = {"class": "cite", "title": f"{reference.title}. {reference.venue}"}
    return link(context, "/sources", label, f"#ref-{key}", **about)


@pass_context
def _define(context: Context, key: str) -> Markup:
    """A glossary entry in the margin, beside the preceding paragraph."""
    entry = glossary()[key]
    return Markup(
        '<aside class="gutter define" aria-label="Definition: {name}">'
        "<p>{link} {symbol} {meaning}</p></aside>"
    ).format(
        name=entry.name,
        link=link(context, "/symbols", entry.name, f"#symbol-{key}"),
        symbol=mathml(entry.latex),
        meaning=entry.meaning,
    )


@pass_context
def _section_link(context: Context, slug: str) -> Markup:
    section = section_by_slug(slug)
    if section is None:
        raise KeyError(slug)
    return link(context, f"/sections/{slug}", f"{section.numeral}. {section.title}")


@pass_context
def _equation(
    context: Context, latex: str, words: str, source: str = "", number: str = ""
) -> Markup:
    """A display equation with its meaning in words and its source."""
    origin = _cite(context, source, number) if source else Markup("")
    return Markup(
        '<figure class="equation"><div class="formula" tabindex="0" role="group" '
        'aria-label="Equation: {words}">{formula}</div>'
        "{key}<figcaption>{words} {origin}</figcaption></figure>"
    ).format(words=words, formula=_formula(latex), key=_term_key(latex), origin=origin)


def _code(module: ModuleType, name: str) -> Markup:
    """The source of a module below its docstring."""
    source = inspect.getsource(module).split('"""', 2)[2].strip()
    return Markup('<pre tabindex="0" role="region" aria-label="{}"><code>{}</code></pre>').format(
        name, source
    )


def _formula(latex: str) -> Markup:
    """A display formula with colored terms."""
    return mathml(colored(latex), display=True)


def _term_key(latex: str) -> Markup:
    """The legend of a formula's colored terms. Hovering over an entry highlights the term."""
    items = [
        Markup('<li class="term-{}" data-term="{}"><b>{}</b> {}</li>').format(
            name, name, _with_subscript(term.symbol), term.meaning
        )
        for name, term in terms_of(latex).items()
    ]
    return Markup('<ul class="term-key">{}</ul>').format(Markup("").join(items))


def _with_subscript(symbol: str) -> Markup:
    """A symbol such as π_ref, with the part after the underscore as a subscript."""
    base, _, below = symbol.partition("_")
    return Markup("{}<sub>{}</sub>").format(base, below) if below else Markup("{}").format(base)


def _stage_svg(view: WidgetView, narrow: bool, *, on_paper: bool = False) -> Markup:
    """A figure's drawing at the width that wide or narrow pages usually have.

    Args:
        on_paper: whether it is what is printed while a question is open, which has the answer
    """
    scene = view.scene
    width = NARROW if narrow else WIDE - (BESIDE if "beside" in scene["more"] else 0)
    inside = svg(
        scene,
        width=width,
        narrow=narrow,
        at=view.shown_at,
        asking=view.asking and not on_paper,
        held=view.flags.held,
    )
    kind = "on-paper" if on_paper else "narrow" if narrow else "wide"
    return Markup(
        '<svg class="at-width {}" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
    ).format(kind, width, scene["height"][narrow], inside)


templates.env.globals.update(
    sections=SECTIONS,
    scripted={path.stem for path in (STATIC / "widgets").glob("*.js")},
    heading=_heading,
    widget=_widget,
    cite=_cite,
    departures=departures,
    define=_define,
    fold=_fold,
    section_link=_section_link,
    equation=_equation,
    code=_code,
    dpo_code=dpo_code,
    shed_pair=shed_pair,
    shed_pair_number=NUMBER,
    formula=_formula,
    term_key=_term_key,
    derivation=DERIVATION,
    math=mathml,
    lab=quoted,
    compared=compared,
    world=the_world,
    columns_of=columns_of,
    page_head=pass_context(page_head),
    stage_svg=_stage_svg,
    lab_path=lambda: f"/lab/{lab_json()[1]}.json",
)
templates.env.filters["written"] = format_value
_pending = templates.env.get_template("pages/pending.html").make_module({})
templates.env.filters["at_place"] = resolved
templates.env.filters["without_texts"] = _without_texts
# A macro for {% call aside("Title") %} in every template.
_asides = templates.env.get_template("pages/aside.html").make_module({})
templates.env.globals["aside"] = _asides.aside  # type: ignore[attr-defined]
