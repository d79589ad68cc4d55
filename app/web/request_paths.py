"""Request paths relative to the sub-path at which a proxy may serve the site."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope


def root_of(scope: Scope) -> str:
    """The sub-path, or an empty string."""
    # Inside a mounted application, root_path includes the mount.
    return str(scope.get("app_root_path", scope.get("root_path", "")))


def site_url(request: Request) -> str:
    """The URL of the site's root, without a trailing slash."""
    return str(request.base_url).rstrip("/")


def path_of(scope: Scope) -> str:
    """The path of a request below the site's root."""
    return str(scope["path"]).removeprefix(root_of(scope))


def is_file(scope: Scope) -> bool:
    """Whether a request is for a static file."""
    return path_of(scope).startswith("/static/")
