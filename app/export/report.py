"""The report on a copy: sizes, and what it holds of each widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from app.content.sources import ServedPackage
from app.web.templating import templates
from app.widgets.plan import Kind


class WidgetReport(BaseModel):
    """One widget in a copy."""

    name: str = Field(description="of the widget")
    title: str = Field(description="what readers see above it")
    kind: Kind = Field(description="whether every state is there, or those that are suggested")
    says: str = Field(description="what the copy tells its readers")
    states: int = Field(description="how many results are in the copy")
    bytes: int = Field(description="size of their files")


class CopyReport(BaseModel):
    """A copy as a whole."""

    version: str = Field(description="of the explainer")
    made: str = Field(description="date, UTC")
    seconds: float = Field(description="how long it took")
    bytes: int = Field(description="size of all files, this report left out")
    files: int = Field(description="how many there are, this report left out")
    parts: dict[str, int] = Field(description="bytes by kind of file")
    widgets: list[WidgetReport] = Field(description="in the order of the sections")
    packages: list[ServedPackage] = Field(description="of others, with files in the copy")

    @property
    def lines(self) -> list[str]:
        """The report for a terminal."""
        return [
            f"{self.files} files, {megabytes(self.bytes)}, made in {self.seconds:.0f} s",
            *(f"  {megabytes(size):>9}  {part}" for part, size in self.parts.items()),
            *(
                f"  {megabytes(part.bytes):>9}  {part.name}: {part.kind}, {part.states:,} states"
                for part in self.widgets
            ),
        ]


def megabytes(size: int) -> str:
    """A size in megabytes, as text."""
    return f"{size / 1e6:.2f} MB"


def sizes(folder: Path, kinds: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Bytes in a folder by path prefix; all other files count as "other"."""
    found = dict.fromkeys((*kinds, "other"), 0)
    for file in (path for path in folder.rglob("*") if path.is_file()):
        path = file.relative_to(folder).as_posix()
        kind = next((k for k, starts in kinds.items() if path.startswith(tuple(starts))), "other")
        found[kind] += file.stat().st_size
    return {kind: size for kind, size in found.items() if size}


def write(report: CopyReport, folder: Path) -> None:
    """Write report.json and report.html."""
    (folder / "report.json").write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    page = templates.env.get_template("export/offline_report.html")
    html = page.render(report=report, megabytes=megabytes)
    (folder / "report.html").write_text(html, encoding="utf-8")
