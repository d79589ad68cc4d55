"""Our modules as one classic script: browsers load no modules from disk.

It knows the forms of import and export that our files use, and refuses all others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import dirname, join, normpath

from app.modules import IMPORT

_EXPORT_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:const|let|class|(?:async )?function\*?) +(\w+))", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};[^\S\n]*$", re.MULTILINE)
_DYNAMIC = re.compile(r"\bimport\((?:\"([^\"]+)\")?")
_UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b", re.MULTILINE)

LOADED = "vendor/"
"""folder of scripts that are loaded when needed"""

_RUNTIME = """\
"use strict";
window.dpoModules ??= (() => {
  const home = new URL(".", document.currentScript.src);
  const definitions = new Map();
  const made = new Map();
  const loading = new Map();
  const need = (id) => {
    if (!made.has(id)) {
      made.set(id, {});
      definitions.get(id)(made.get(id), need, (path) => load(new URL(path, `http://modules/${id}`).pathname.slice(1)));
    }
    return made.get(id);
  };
  const load = async (id) => {
    if (definitions.has(id)) return need(id);
    if (!loading.has(id)) {
      loading.set(id, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(id, home).href;
        script.addEventListener("load", () => resolve({}));
        script.addEventListener("error", () => reject(new Error(`${id} is missing`)));
        document.head.append(script);
      }));
    }
    return loading.get(id);
  };
  const define = (id, body) => definitions.set(id, body);
"""

_END = """\
  return { need };
})();
window.dpoModules.need(document.currentScript.dataset.module);
"""


class UnknownForm(ValueError):
    """A form of import or export that the bundler does not know."""


def bundle(static: Path, entries: Iterable[str], instead: Mapping[str, str]) -> str:
    """One script with the modules that ``entries`` reach, paths below ``static``.

    A script element that loads it names the module to run in its attribute ``data-module``. What is
    imported when needed and is not among the modules is loaded as a script, by its path beside ours.
    ``instead`` gives the files to take in place of others.

    Raises:
        UnknownForm: a module imports or exports in a way that ours do not
    """
    bodies: dict[str, str] = {}
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in bodies:
            continue
        source = (static / instead.get(name, name)).read_text(encoding="utf-8")
        bodies[name], imported = module(source, name)
        waiting += imported
    parts = [
        f"  define({json.dumps(name)}, (exports, need, load) => {{\n{body}}});\n"
        for name, body in sorted(bodies.items())
    ]
    return _RUNTIME + "".join(parts) + _END


def module(source: str, name: str) -> tuple[str, list[str]]:
    """The body of a function that fills ``exports``, and the modules that it imports."""
    imported: list[str] = []
    exported: list[str] = []

    def replace_import(found: re.Match[str]) -> str:
        names, path = found.groups()
        other = normpath(join(dirname(name), path))
        imported.append(other)
        call = f"need({json.dumps(other)});"
        if names is None:
            return call
        return f"const {{ {', '.join(_renamed(names, ' as ', ': '))} }} = {call}"

    def replace_dynamic(found: re.Match[str]) -> str:
        # An address that is put together is the caller's to name; what others wrote stays a file.
        other = normpath(join(dirname(name), found[1])) if found[1] else LOADED
        if not other.startswith(LOADED):
            imported.append(other)
        return found[0].replace("import", "load", 1)

    def replace_export(found: re.Match[str]) -> str:
        exported.append(found[2])
        return found[1]

    def replace_list(found: re.Match[str]) -> str:
        exported.extend(_renamed(found[1], " as ", ": ", swapped=True))
        return ""

    body = IMPORT.sub(replace_import, source)
    body = _EXPORT_DEFAULT.sub("exports.default = ", body)
    body = _EXPORT.sub(replace_export, body)
    body = _EXPORT_LIST.sub(replace_list, body)
    body = _DYNAMIC.sub(replace_dynamic, body)
    unknown = _UNKNOWN.search(body)
    if unknown:
        raise UnknownForm(f"{name}: {unknown[0]}")
    if exported:
        body += f"Object.assign(exports, {{ {', '.join(exported)} }});\n"
    return body, imported


def _renamed(names: str, word: str, sign: str, *, swapped: bool = False) -> list[str]:
    """The names of a list, those that are renamed in the form of an object."""
    pairs = [name.strip().split(word) for name in names.split(",") if name.strip()]
    return [sign.join(reversed(pair) if swapped else pair) for pair in pairs]
