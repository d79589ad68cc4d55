"""Jinja templates and the helpers of any site: addresses, static files, links and data for scripts."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.paths import STATIC, TEMPLATES, content_hash
from app.web.js_imports import imports
from app.web.request_paths import root_of


def _offline(request: Request) -> dict[str, Any]:
    """The offline copy that a page is rendered for, which knows its own addresses; None on a server."""
    return {"offline": getattr(request.state, "offline", None)}


templates = Jinja2Templates(directory=TEMPLATES, context_processors=[_offline])
templates.env.undefined = StrictUndefined
templates.env.trim_blocks = True
templates.env.lstrip_blocks = True


@lru_cache(maxsize=1)
def static_hash() -> str:
    """Part of the address of every static file, so that browsers may cache each for ever."""
    return content_hash(STATIC)


def static_url(request: Request, path: str) -> str:
    """The address of a static file."""
    return f"{root_of(request.scope)}/static/{static_hash()}/{path}"


@pass_context
def _url(context: Context, path: str) -> str:
    """The address of a path of this site, below the sub-path that a proxy may serve it at.

    In an offline copy, the relative address of the page; empty if the copy lacks it.
    """
    if offline := context.get("offline"):
        return str(offline.url(path))
    return f"{root_of(context['request'].scope)}{path}"


@pass_context
def _static(context: Context, path: str) -> str:
    if offline := context.get("offline"):
        return str(offline.static(path))
    return static_url(context["request"], path)


@pass_context
def _module(context: Context, path: str) -> Markup:
    """The element that loads a module: a bundle in an offline copy, as browsers load no modules from disk."""
    if context.get("offline"):
        return Markup('<script defer src="{}"></script>').format(_static(context, f"built/{path}"))
    return Markup('<script type="module" src="{}" fetchpriority="low"></script>').format(
        _static(context, path)
    )


@pass_context
def link(context: Context, path: str, text: str, suffix: str = "", **attributes: object) -> Markup:
    """A link to a page of this site, or its text alone where an offline copy lacks the page.

    Args:
        suffix: query or fragment
    """
    address = _url(context, path)
    if not address:
        return Markup('<span class="needs-server" title="Needs a server">{}</span>').format(text)
    written = Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in attributes.items()
    )
    return Markup('<a href="{}{}"{}>{}</a>').format(address, suffix, written, text)


def _script_json(value: Any) -> Markup:
    """JSON for a script element, which nothing in it can end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


templates.env.globals.update(
    url=_url,
    static=_static,
    module=_module,
    link=link,
    module_imports=imports,
)
templates.env.filters["script_json"] = _script_json
