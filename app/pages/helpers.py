"""The Jinja environment: templates, and the helpers that section fragments call."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.charts import in_room
from app.content.sections import SECTIONS, section_by_slug
from app.content.sources import corrections, glossary, references
from app.formatting import format_value
from app.pages.head import page_head
from app.pages.mathml import coloured, mathml, terms_of
from app.paths import STATIC, TEMPLATES, content_hash
from app.state.controls import Control, changed, query_string
from app.state.flags import NO_FLAGS, Flags
from app.web.js_imports import imports
from app.web.request_paths import root_of
from app.widgets.base import Widget, WidgetParams, WidgetResult


def _offline(request: Request) -> dict[str, Any]:
    """What is known of the offline copy that a page is drawn for (app/export/pages.py); None on a server."""
    return {"offline": getattr(request.state, "offline", None)}


templates = Jinja2Templates(directory=TEMPLATES, context_processors=[_offline])
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

    @cached_property
    def values(self) -> dict[str, Any]:
        """The result as JSON has it, made once for all outputs of the page."""
        return self.result.model_dump(mode="json")

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
    def tries(self) -> dict[str, str]:
        """Suggestions that leave alone what the reader can not change, each with those values kept."""
        kept = {
            name: value for name, value in changed(self.controls).items() if name in self.flags.held
        }
        found = {}
        for query, label in self.widget.tries.items():
            wanted = dict(parse_qsl(query))
            asked = type(self.params).model_validate(wanted)
            held = self.flags.held & wanted.keys()
            if any(getattr(asked, name) != getattr(self.params, name) for name in held):
                continue
            found[urlencode(wanted | kept) if kept else query] = label
        return found


@lru_cache(maxsize=1)
def static_hash() -> str:
    """Part of every static address: a changed file has a new one, so browsers may keep the old."""
    return content_hash(STATIC)


@pass_context
def _url(context: Context, path: str) -> str:
    """An address of ours, under the sub-path that a proxy may serve us at.

    For an offline copy, the way to a file of it from the one that is written; empty if it has no such page.
    """
    if offline := context.get("offline"):
        return str(offline.url(path))
    return f"{root_of(context['request'].scope)}{path}"


@pass_context
def _static(context: Context, path: str) -> str:
    if offline := context.get("offline"):
        return str(offline.static(path))
    return _url(context, f"/static/{static_hash()}/{path}")


@pass_context
def _module(context: Context, path: str) -> Markup:
    """A module of ours; an offline copy has a script made of it, for browsers load none from disk."""
    if context.get("offline"):
        return Markup('<script defer src="{}"></script>').format(_static(context, f"built/{path}"))
    return Markup('<script type="module" src="{}" fetchpriority="low"></script>').format(
        _static(context, path)
    )


@pass_context
def _link(context: Context, path: str, text: str, suffix: str = "", **attributes: object) -> Markup:
    """A link to a page of ours, ``suffix`` its query or fragment; where a copy lacks the page, the text."""
    address = _url(context, path)
    if not address:
        return Markup('<span class="needs-server" title="Needs a server">{}</span>').format(text)
    written = Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in attributes.items()
    )
    return Markup('<a href="{}{}"{}>{}</a>').format(address, suffix, written, text)


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
    about = {"class": "cite", "title": f"{reference.title}. {reference.venue}"}
    return _link(context, "/sources", label, f"#ref-{key}", **about)


@pass_context
def _correction(context: Context, number: int) -> Markup:
    entry = corrections().article[number - 1]
    about = {"class": "correction", "title": entry.correction}
    return _link(context, "/sources", "corrected", f"#correction-{entry.number}", **about)


@pass_context
def _define(context: Context, key: str) -> Markup:
    """A word of the glossary, in the gutter beside the paragraph before it."""
    entry = glossary()[key]
    return Markup(
        '<aside class="gutter define" aria-label="Definition: {name}">'
        "<p>{link} {symbol} {meaning}</p></aside>"
    ).format(
        name=entry.name,
        link=_link(context, "/symbols", entry.name, f"#symbol-{key}"),
        symbol=mathml(entry.latex),
        meaning=entry.meaning,
    )


@pass_context
def _section_link(context: Context, slug: str) -> Markup:
    section = section_by_slug(slug)
    if section is None:
        raise KeyError(slug)
    return _link(context, f"/sections/{slug}", f"{section.numeral}. {section.title}")


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
    module=_module,
    link=_link,
    module_imports=imports,
    scripted={path.stem for path in (STATIC / "widgets").glob("*.js")},
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
    drawing=in_room,
    page_head=pass_context(page_head),
)
_environment.filters.update(written=format_value, script_json=_script_json)
# Fragments call {% call aside("Title") %}: a macro that every template sees.
_environment.globals["aside"] = _environment.get_template("aside.html").make_module({}).aside  # type: ignore[attr-defined]
