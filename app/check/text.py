"""What a check says, as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from app.check.document import CheckedFinding, CheckedRun
from app.check.trainers import trainers

WIDTH = 80
"""columns"""

RED, YELLOW, BOLD, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


def headline(run: CheckedRun) -> str:
    """The main thing in a line: how much was found, and how much could not be told."""
    verdicts = [finding.verdict for finding in run.findings]
    found, open_ = verdicts.count("found"), verdicts.count("cannot_tell")
    things = {0: "Nothing found", 1: "1 thing found"}.get(found, f"{found} things found")
    told = f", {open_} could not be told" if open_ else ""
    return f"{things}{told}"


def settings_line(run: CheckedRun) -> str:
    """With which loss the run was checked, and whether that was assumed."""
    trainer = run.settings.get("trainer")
    told = [] if trainer is None else [trainers()[str(trainer)].name]
    for name, value in run.settings.items():
        hidden = name in run.assumed and name not in ("loss_type", "beta")
        replaced = name == "loss_type" and run.settings.get("loss_types")
        if name != "trainer" and not hidden and not replaced:
            assumed = " (assumed)" if name in run.assumed else ""
            told.append(f"{_named(name)}\N{NO-BREAK SPACE}{_written(value)}{assumed}")
    return f"Settings: {', '.join(told)}."


def _named(setting: str) -> str:
    named = {"loss_type": "loss", "beta": "β\N{NO-BREAK SPACE}="}
    return named.get(setting, setting.replace("_", " "))


def _written(value: object) -> str:
    if isinstance(value, tuple | list):
        return " + ".join(map(_written, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def told_together(findings: Iterable[CheckedFinding]) -> list[tuple[str, str]]:
    """Titles and message of findings; those with the same message are told together."""
    titles: dict[str, list[str]] = {}
    for finding in findings:
        titles.setdefault(finding.message, []).append(finding.title)
    return [("; ".join(together), message) for message, together in titles.items()]


def text_of(run: CheckedRun, *, color: bool = False, width: int = WIDTH) -> str:
    """The findings: found first, with what to do, then what cannot be told, then the rest in a line."""

    def painted(text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if color else text

    def wrapped(text: str, indent: str = "", hanging: str = "") -> str:
        return textwrap.fill(
            text,
            width,
            initial_indent=indent,
            subsequent_indent=indent + hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def told(finding: CheckedFinding, code: str) -> list[str]:
        lines = ["", painted(finding.title, code + BOLD) + f"  [{finding.name}]"]
        lines += [wrapped(text, "  ") for text in (finding.message, finding.evidence) if text]
        addresses = (("See:   ", finding.see), ("Mended:", finding.mended))
        return lines + [f"  {word} {address}" for word, address in addresses if address]

    by_verdict: dict[str, list[CheckedFinding]] = {"found": [], "cannot_tell": [], "not_found": []}
    for finding in run.findings:
        by_verdict[finding.verdict].append(finding)
    # Wrapped as on the page, where a number stays with its name; a terminal has plain spaces.
    settings = wrapped(settings_line(run)).replace("\N{NO-BREAK SPACE}", " ")
    lines = [wrapped(run.read), settings, ""]
    lines.append(painted(f"{headline(run)}.", BOLD))
    for finding in by_verdict["found"]:
        lines += told(finding, RED)
    if by_verdict["cannot_tell"]:
        lines += ["", painted("Cannot be told:", YELLOW)]
        for titles, message in told_together(by_verdict["cannot_tell"]):
            lines.append(wrapped(f"- {titles}: {message}", "  ", "  "))
    if by_verdict["not_found"]:
        names = ", ".join(finding.name for finding in by_verdict["not_found"])
        lines += ["", wrapped(f"Looked for and not found: {names}.")]
    return "\n".join(lines)
