"""What JavaScript modules import, for modulepreload links, which save a round trip for each level."""

from __future__ import annotations

import re
from functools import lru_cache
from posixpath import dirname, join, normpath

from app.paths import STATIC

IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";[^\S\n]*$', re.MULTILINE)
"""names and path; the only form of import that the files use"""


@lru_cache(maxsize=64)
def imports(*names: str) -> tuple[str, ...]:
    """Modules and all that they import statically, as paths below the static folder, each once."""
    found: dict[str, None] = {}
    for name in names:
        source = (STATIC / name).read_text(encoding="utf-8")
        others = [normpath(join(dirname(name), path)) for _, path in IMPORT.findall(source)]
        found |= dict.fromkeys((name, *imports(*others)))
    return tuple(found)
