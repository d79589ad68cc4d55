"""Paths of requests, below the sub-path that a proxy may serve the site at."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope


def root_of(scope: Scope) -> str:
    """The sub-path that a proxy serves the site at, or nothing."""
    # Once a file is served from a mounted folder, root_path is that of the folder.
    return str(scope.get("app_root_path", scope.get("root_path", "")))


def site_url(request: Request) -> str:
    """The absolute address of the site's root, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def path_of(scope: Scope) -> str:
    """The path of a request below the root of the site."""
    return str(scope["path"]).removeprefix(root_of(scope))


def is_file(scope: Scope) -> bool:
    """Whether a request is for a script, a style sheet, a font or the like."""
    return path_of(scope).startswith("/static/")
