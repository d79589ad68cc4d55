"""Writes the compiled modules; see the package."""

from __future__ import annotations

import shutil
import sys

from tools.to_javascript.modules import ROOT, Compiler

STATIC = ROOT / "static"
WIDGETS = ("ppo_dynamics",)
OUTSIDE = {"app.lab.": "lab/named/{}.js"}


def main() -> None:
    """Compile what each widget's page shows."""
    compiler = Compiler(OUTSIDE)
    for name in sys.argv[1:] or WIDGETS:
        compiler.add(f"app.widgets.{name}", "compute")
        compiler.add(f"app.widgets.{name}", "Params")
        compiler.add(f"app.stages.{name}", "stage")
    shutil.rmtree(STATIC / "built/compiled", ignore_errors=True)
    for path, text in compiler.files():
        file = STATIC / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
