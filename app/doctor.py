"""Checks an installation and says in plain lines what is well and what is not: ``dpo-explained doctor``.

Each check imports what it needs itself, so that one part that is missing does not hide the state of others.
"""

from __future__ import annotations

import asyncio
import math
import platform
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec
from tempfile import TemporaryDirectory

PACKAGE = "dpo-explained"

VENDOR = (
    "plotly-basic.min.js",
    "stix-two-math.woff2",
    "cards-math.otf",
    "cards-sans-latin.ttf",
    "cards-sans-greek.ttf",
    "packages.json",
)
"""files of others that are fetched at set-up, and the list that says whose"""

Check = Callable[[], str]
"""says what is well; raises anything, above all ``NotWell``, if it is not"""


class NotWell(Exception):
    """Says what is wrong, and what to do."""


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    name: str
    well: bool
    said: str

    def __str__(self) -> str:
        return f"{'well' if self.well else 'NOT WELL':<9} {self.name}: {self.said}"


def examine(checks: dict[str, Check]) -> Iterator[Finding]:
    """Make all checks, whatever comes of them, in order."""
    for name, check in checks.items():
        try:
            yield Finding(name, True, check())
        except NotWell as found:
            yield Finding(name, False, str(found))
        except Exception as error:
            yield Finding(name, False, f"{type(error).__name__}: {error}")


def all_checks(host: str, port: int) -> dict[str, Check]:
    """By name. A server that is to start at the address is expected not to run yet."""
    return {
        "python": python,
        "packages": packages,
        "weights": weights,
        "data": data,
        "statics": statics,
        "pages": pages,
        "numbers": numbers,
        "training": training,
        "store": store,
        "port": lambda: port_free(host, port),
        "cluster": cluster,
    }


def python() -> str:
    """The interpreter is one that the package is made for."""
    needed, found = metadata(PACKAGE)["Requires-Python"], platform.python_version()
    if _numbers(found) < _numbers(needed):
        raise NotWell(f"{found}, and {needed} is needed")
    return found


def packages() -> str:
    """All packages that we need are there, none too old."""
    wrong = []
    needed = [line for line in requires(PACKAGE) or [] if "extra ==" not in line]
    for line in needed:
        name = re.split(r"[^\w-]", line, maxsplit=1)[0]
        least = re.search(r">=([\d.]+)", line)
        try:
            found = version(name)
        except PackageNotFoundError:
            if "sys_platform" not in line:
                wrong.append(f"{name} is missing")
            continue
        if least and _numbers(found) < _numbers(least[1]):
            wrong.append(f"{name} is {found}, and at least {least[1]} is needed")
    if wrong:
        raise NotWell(f"{'; '.join(wrong)}. Install {PACKAGE} again")
    return f"{len(needed)} are there, torch {version('torch')} among them"


def weights() -> str:
    """The trained networks are those that were written."""
    from app.lab.trained import WEIGHTS, load_lab
    from app.lab.weights import BadWeights

    try:
        lab = load_lab()
    except BadWeights as bad:
        raise NotWell(f"{bad} (in {WEIGHTS})") from bad
    return f"equal to their hashes; made with torch {lab.report['versions']['torch']}"


def data() -> str:
    """All data files can be read and are whole."""
    from app.benchmarks.data import published_results
    from app.embedding import height_of
    from app.lab.world import the_world
    from app.recorded import recorded
    from app.sources import corrections, glossary, references
    from app.study_data import frontier_study, overoptimization_study
    from app.widgets.registry import WIDGETS

    the_world()
    published_results()
    corrections()
    glossary()
    recorded()
    frontier_study()
    overoptimization_study()
    for name in WIDGETS:
        height_of(name)
    return f"all files can be read; {len(references())} references"


def statics() -> str:
    """Files for browsers are there, and compressed as they are now."""
    from app.resources import STATIC
    from app.statics import ENCODINGS, compressed_file, compressible

    missing = [name for name in VENDOR if not (STATIC / "vendor" / name).is_file()]
    if missing:
        raise NotWell(f"{', '.join(missing)} missing in {STATIC / 'vendor'}: install again")
    plain = [
        file.relative_to(STATIC).as_posix()
        for file in compressible(STATIC)
        if not all(compressed_file(file, encoding).is_file() for encoding in ENCODINGS)
    ]
    if plain:
        raise NotWell(f"{', '.join(plain)} not compressed: python -m app.statics")
    return "complete and compressed"


def pages() -> str:
    """A section with its widgets is drawn, in this process."""
    from app.export.pages import rendered

    path = "/sections/reward-modeling"
    page = rendered([path])[path]
    if "</html>" not in page:
        raise NotWell(f"{path} ends too soon")
    return f"{path} is drawn, {len(page):,} characters"


def numbers() -> str:
    """What torch computes equals its closed form, and probabilities sum to one."""
    from app.lab.trained import the_lab
    from app.widgets import reward_separation

    margin = 3.0
    params = reward_separation.Params(reward_chosen=margin, reward_rejected=0.0)
    loss, closed = reward_separation.compute(params).loss, math.log1p(math.exp(-margin))
    if not math.isclose(loss, closed, rel_tol=1e-9):
        raise NotWell(f"the Bradley-Terry loss at margin {margin:g} is {loss!r}, not {closed!r}")
    total = float(the_lab().facts(0).reference_logps.exp().sum())
    if abs(total - 1) > 1e-9:
        raise NotWell(f"the probabilities of all responses sum to {total!r}")
    return f"the loss at margin {margin:g} is {loss:.6f}, as ln(1 + exp(-{margin:g})) is"


def training() -> str:
    """A short run is made in a process beside this one."""
    from app.runs.job import Job, job_of
    from app.runs.processes import Processes
    from app.widgets import ppo_dynamics

    async def make(job: Job) -> list[str]:
        processes = Processes(1)
        try:
            return [event.name async for event in processes.make(job)]
        finally:
            await processes.close()

    params = ppo_dynamics.Params(iterations=10)
    # In a thread, as whoever asks may have an event loop already.
    with ThreadPoolExecutor(1) as thread:
        names = thread.submit(asyncio.run, make(job_of(ppo_dynamics.WIDGET, params))).result()
    if names[-1] != "done":
        raise NotWell(f"the run ended with {names[-1]!r}")
    return f"PPO sent {len(names) - 1} rows from a process of its own"


def store() -> str:
    """A finished run can be kept, and found again."""
    from app.runs.job import Event
    from app.runs.store import open_store
    from app.settings import Settings

    settings = Settings()
    with TemporaryDirectory(prefix="dpo-explained-") as temporary:
        place = settings.store or temporary
        shown = re.sub(r"//[^/@]*@", "//", place)  # an address may hold a password
        with closing(open_store(place, settings.store_bytes)) as opened:
            opened.put("doctor", [Event("done", "{}")])
            if opened.get("doctor") != [Event("done", "{}")]:
                raise NotWell(f"what is written to {shown} is not found there: DPO_EXPLAINED_STORE")
    return f"{shown} can be written and read"


def port_free(host: str, port: int) -> str:
    """Nothing else listens where the server would."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        raise NotWell(
            f"{host}:{port} can not be taken ({why}): unless our server has it, choose another"
        ) from error
    return f"{host}:{port} is free"


def cluster() -> str:
    """What only several machines need is there, or not: either is well."""
    missing = [name for name in ("ray", "redis") if find_spec(name) is None]
    if missing:
        return f"not installed ({', '.join(missing)}); only several machines need it: {PACKAGE}[cluster]"
    return "ray and redis are there, for several machines"


def _numbers(text: str) -> tuple[int, ...]:
    """The first two numbers of a version, such as 2.13.0+cpu, or of a bound."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def report(host: str, port: int, say: Callable[[str], None] = print) -> bool:
    """Make all checks, a line for each as it is made. Whether all is well."""
    findings = []
    for finding in examine(all_checks(host, port)):
        say(str(finding))
        findings.append(finding)
    bad = sum(not finding.well for finding in findings)
    say(f"{bad} of {len(findings)} checks failed." if bad else "All is well.")
    return not bad
