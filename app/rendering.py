"""The Jinja environment: templates, and the helpers that section fragments call."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.charts import svg
from app.controls import Control, changed, query_string
from app.embedding_flags import NO_FLAGS, Flags
from app.formats import format_value
from app.head import page_head
from app.mathml import coloured, mathml, terms_of
from app.modules import imports
from app.resources import STATIC, TEMPLATES, content_hash
from app.sections import SECTIONS, section_by_slug
from app.sources import corrections, glossary, references
from app.widgets.base import Try, Widget, WidgetParams, WidgetResult

templates = Jinja2Templates(directory=TEMPLATES)
_environment = templates.env
_environment.undefined = StrictUndefined
_environment.trim_blocks = True
_environment.lstrip_blocks = True


@dataclass(frozen=True)
class WidgetView:
    """All that a widget's template sees."""

    widget: Widget
    params: WidgetParams
    result: WidgetResult
    controls: dict[str, Control]
    flags: Flags = NO_FLAGS

    @property
    def query(self) -> str:
        """The state as a query string; what has its default is left out."""
        return self.query_with()

    def query_with(self, **changes: object) -> str:
        """The same with some parameters changed: what the API is asked."""
        return query_string(changed(self.controls, **changes))

    @property
    def page_query(self) -> str:
        """The state and the flags of the page: the address of the page as it stands."""
        return self.page_query_with()

    def page_query_with(self, **changes: object) -> str:
        """The same with some parameters changed: where a link to another state leads."""
        return query_string(changed(self.controls, **changes) | self.flags.given)

    @property
    def tries(self) -> list[Try]:
        """Suggestions that leave alone what the reader can not change, each with those values kept."""
        kept = {
            name: value for name, value in changed(self.controls).items() if name in self.flags.held
        }
        found = []
        for one in self.widget.tries:
            wanted = dict(parse_qsl(one.query))
            asked = type(self.params).model_validate(wanted)
            held = self.flags.held & wanted.keys()
            if any(getattr(asked, name) != getattr(self.params, name) for name in held):
                continue
            found.append(Try(one.label, urlencode(wanted | kept)) if kept else one)
        return found


@lru_cache(maxsize=1)
def static_hash() -> str:
    """Part of every static address: a changed file has a new one, so browsers may keep the old."""
    return content_hash(STATIC)


@pass_context
def _url(context: Context, path: str) -> str:
    """An address of ours, under the sub-path that a proxy may serve us at."""
    return f"{context['request'].scope.get('root_path', '')}{path}"


@pass_context
def _static(context: Context, path: str) -> str:
    return _url(context, f"/static/{static_hash()}/{path}")


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@lru_cache(maxsize=32)
def headings_of(slug: str) -> list[tuple[str, str]]:
    """Anchor and text of each sub-heading of a section, in order, read off its template."""
    loader = _environment.loader
    assert loader is not None
    source = loader.get_source(_environment, f"sections/{slug}.html")[0]
    found = re.findall(r'\{\{ heading\("([^"]+)"\) \}\}', source)
    return [(_anchor(text), text) for text in found]


@pass_context
def _heading(context: Context, text: str) -> Markup:
    """A sub-heading with an anchor, one level below the section's own heading."""
    level = context["heading_level"]
    anchor = _anchor(text)
    link = Markup('<a class="anchor" href="#{}" aria-label="Link to {}">#</a>').format(anchor, text)
    return Markup('<h{0} id="{1}">{2} {3}</h{0}>').format(level, anchor, text, link)


@pass_context
def _widget(context: Context, name: str) -> Markup:
    """One widget, complete, in the state of the page."""
    view = context["views"][name]
    template = _environment.get_template(f"widgets/{name}.html")
    return Markup(template.render({**context.get_all(), "w": view}))


@pass_context
def _cite(context: Context, key: str, where: str = "") -> Markup:
    reference = references()[key]
    label = reference.short + (f", {where}" if where else "")
    # Pages that list their sources at the end hand over a dict to collect them in.
    cited = context.get("cited")
    if cited is not None:
        cited[key] = reference
    return Markup('<a class="cite" href="{}#ref-{}" title="{}">{}</a>').format(
        _url(context, "/sources"), key, f"{reference.title}. {reference.venue}", label
    )


@pass_context
def _correction(context: Context, number: int) -> Markup:
    entry = corrections().article[number - 1]
    return Markup('<a class="correction" href="{}#correction-{}" title="{}">corrected</a>').format(
        _url(context, "/sources"), entry.number, entry.correction
    )


@pass_context
def _define(context: Context, key: str) -> Markup:
    """A word of the glossary, in the gutter beside the paragraph before it."""
    entry = glossary()[key]
    return Markup(
        '<aside class="gutter define" aria-label="Definition: {name}"><p><a href="{page}#symbol-{key}">'
        "{name}</a> {symbol} {meaning}</p></aside>"
    ).format(
        name=entry.name,
        page=_url(context, "/symbols"),
        key=key,
        symbol=mathml(entry.latex),
        meaning=entry.meaning,
    )


@pass_context
def _section_link(context: Context, slug: str) -> Markup:
    section = section_by_slug(slug)
    if section is None:
        raise KeyError(slug)
    return Markup('<a href="{}">{}. {}</a>').format(
        _url(context, f"/sections/{slug}"), section.numeral, section.title
    )


@pass_context
def _equation(
    context: Context, latex: str, words: str, source: str = "", number: str = ""
) -> Markup:
    """A display equation with its plain-words line and where it comes from."""
    origin = _cite(context, source, number) if source else Markup("")
    return Markup(
        '<figure class="equation"><div class="formula" tabindex="0" role="group" '
        'aria-label="Equation: {words}">{formula}</div>'
        "{key}<figcaption>{words} {origin}</figcaption></figure>"
    ).format(words=words, formula=_formula(latex), key=_term_key(latex), origin=origin)


def _formula(latex: str) -> Markup:
    """A display formula whose terms have their colours."""
    return mathml(coloured(latex), display=True)


def _term_key(latex: str) -> Markup:
    """What the coloured terms of a formula stand for. Pointing at one lights up the other."""
    items = [
        Markup('<li class="term-{}" data-term="{}"><b>{}</b> {}</li>').format(
            name, name, _with_subscript(term.symbol), term.meaning
        )
        for name, term in terms_of(latex).items()
    ]
    return Markup('<ul class="term-key">{}</ul>').format(Markup("").join(items))


def _with_subscript(symbol: str) -> Markup:
    """A symbol such as π_ref, its part after the underscore lowered."""
    base, _, below = symbol.partition("_")
    return Markup("{}<sub>{}</sub>").format(base, below) if below else Markup("{}").format(base)


def _script_json(value: Any) -> Markup:
    """JSON for a data block: nothing in it can end the script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


_environment.globals.update(
    sections=SECTIONS,
    url=_url,
    static=_static,
    module_imports=imports,
    heading=_heading,
    widget=_widget,
    cite=_cite,
    correction=_correction,
    define=_define,
    section_link=_section_link,
    equation=_equation,
    formula=_formula,
    term_key=_term_key,
    math=mathml,
    drawing=svg,
    page_head=pass_context(page_head),
)
_environment.filters.update(written=format_value, script_json=_script_json)
# Fragments call {% call aside("Title") %}: a macro that every template sees.
_environment.globals["aside"] = _environment.get_template("aside.html").make_module({}).aside  # type: ignore[attr-defined]
