"""Pages as a copy has them: links that lead from file to file, and none that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from posixpath import dirname, relpath
from urllib.parse import urlsplit, urlunsplit

Attributes = dict[str, str | None]

_ADDRESSES = ("href", "src", "action")
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_LISTS_OF_LINKS = ("nav", "widget-links", "actions", "share")
"""elements, or classes of elements, in which a link that leads nowhere is left out"""


@dataclass(frozen=True)
class Copy:
    """What a copy is made of."""

    base: str
    """absolute address that the pages were asked at"""
    files: Mapping[str, str]
    """path on the server, or the beginning of one that ends in a slash, to path in the copy"""
    bundle: str
    """path of the script that holds all modules"""
    before: tuple[str, ...]
    """scripts that it needs"""
    style: str
    """path of a style sheet that only copies have"""
    note: Callable[[str], str]
    """markup of the note in a widget, by name"""
    about: Callable[[Callable[[str], str]], str]
    """markup at the head of the footer; is given how to lead to a file"""

    def file(self, path: str) -> str | None:
        """The file in the copy that a path of the server became."""
        if path in self.files:
            return self.files[path]
        for start, folder in self.files.items():
            if start.endswith("/") and len(start) > 1 and path.startswith(start):
                return folder + path.removeprefix(start)
        return None


def rewritten(html: str, here: str, copy: Copy) -> str:
    """A page of the server as the file ``here`` of the copy."""
    writer = _Writer(here, copy)
    writer.feed(html)
    writer.close()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Writes what it reads, tags changed where an address is in them."""

    def __init__(self, here: str, copy: Copy) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._here = here
        self._copy = copy
        self._open: list[tuple[str, str]] = []
        """tags that are open, and what to write at their end"""
        self._inside: list[set[str]] = []
        """their names and classes"""
        self._dropped = 0
        """depth of an element that is left out"""
        self._has_bundle = False
        self._widget = ""

    # ---- what HTMLParser calls

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        self._write(f"<!--{data}-->")

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs
        self._write(self.get_starttag_text() or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped:
            self._dropped += tag not in _VOID
            return
        given: Attributes = dict(attrs)
        written = self._changed(tag, given)
        if tag in _VOID:
            if written is not None:
                self._write(written[0])
            return
        if written is None:
            self._dropped = 1
            return
        self._write(written[0])
        self._open.append((tag, written[1]))
        self._inside.append({tag, *(given.get("class") or "").split()})
        self._after_start(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped -= 1
            return
        if tag == "head":
            self._write(f'<link rel="stylesheet" href="{self._to(self._copy.style)}">\n')
        # HTML lets some end tags out.
        while self._open:
            name, end = self._open.pop()
            self._inside.pop()
            if name == tag:
                self._write(end)
                break

    # ---- what changes

    def _write(self, text: str) -> None:
        if not self._dropped:
            self.parts.append(text)

    def _changed(self, tag: str, given: Attributes) -> tuple[str, str] | None:
        """Start and end of an element; None leaves it out."""
        changed: Attributes = {}
        if tag == "link" and given.get("rel") not in ("stylesheet", "icon"):
            return None
        # Cards of a link to a page tell its address, which a copy does not know.
        about = given.get("property") or given.get("name") or ""
        if tag == "meta" and about.startswith(("og:", "twitter:")):
            return None
        if tag == "script" and given.get("type") == "application/ld+json":
            return None
        if tag == "script" and given.get("type") == "module":
            return self._module(given)
        for name, value in given.items():
            if value is None or not (name in _ADDRESSES or name.startswith("data-")):
                continue
            if name.startswith("data-") and not value.startswith(("/", self._copy.base)):
                continue
            address = self._address(value)
            if address is not None:
                changed[name] = address
            elif name in _ADDRESSES and tag == "a":
                return self._dead_link(given)
            elif name in _ADDRESSES and tag in ("link", "script"):
                return None
        if tag == "dpo-widget":
            self._widget = given.get("name") or ""
            # The address bar stays as it is: browsers forbid to change that of a file.
            gone = {"data-follow-url"} & given.keys()
        else:
            gone = {"method", "enctype"} & given.keys() if tag == "form" else set()
        gone |= {
            name
            for name, value in given.items()
            if name not in changed and self._is_ours(value) and self._address(value or "") is None
        }
        if tag == "html":
            changed["data-offline"] = None
        if all(given.get(name, "") == value for name, value in changed.items()) and not gone:
            start = self.get_starttag_text() or ""
        else:
            kept = {name: value for name, value in given.items() if name not in gone}
            start = f"<{tag}{''.join(_attribute(*item) for item in (kept | changed).items())}>"
        if tag == "form" and "widget-controls" in (given.get("class") or "").split():
            start = self._copy.note(self._widget) + start
        return start, f"</{tag}>"

    def _is_ours(self, value: str | None) -> bool:
        value = value or ""
        is_path = value.startswith("/") and not value.startswith("//")
        return is_path or value.startswith(self._copy.base)

    def _address(self, value: str) -> str | None:
        """An address as the copy has it; None if it leads to what the copy does not have."""
        if not self._is_ours(value):
            return value
        parts = urlsplit(value.removeprefix(self._copy.base))
        file = self._copy.file(parts.path or "/")
        if file is None:
            return None
        return urlunsplit(("", "", self._to(file), parts.query, parts.fragment))

    def _dead_link(self, given: Attributes) -> tuple[str, str] | None:
        if "data-download" in given:
            # Scripts count on it; the style sheet of copies hides it.
            kept = {name: value for name, value in given.items() if name != "href"}
            return f"<a{''.join(_attribute(*item) for item in kept.items())}>", "</a>"
        around: set[str] = set().union(*self._inside) if self._inside else set()
        if around.intersection(_LISTS_OF_LINKS):
            return None
        return '<span class="needs-server" title="Needs a server">', "</span>"

    def _module(self, given: Attributes) -> tuple[str, str] | None:
        file = self._copy.file(urlsplit(given.get("src") or "").path)
        if file is None:
            return None
        name = file.removeprefix(f"{dirname(self._copy.bundle)}/")
        scripts = [] if self._has_bundle else [*self._copy.before]
        self._has_bundle = True
        before = "".join(f'<script defer src="{self._to(path)}"></script>' for path in scripts)
        bundle = self._to(self._copy.bundle)
        return f'{before}<script defer src="{bundle}" data-module="{escape(name)}">', "</script>"

    def _after_start(self, tag: str) -> None:
        if tag == "footer":
            self._write(self._copy.about(self._to))

    def _to(self, file: str) -> str:
        return relpath(file, dirname(self._here) or ".")


def _attribute(name: str, value: str | None) -> str:
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
