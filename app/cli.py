"""The command ``dpo-explained``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

GRACE_S = 10
"""seconds that requests are given to end when the server is told to stop"""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: ``dpo-explained serve``, ``export``, ``train`` and others."""
    given = command_line().parse_args(arguments)
    given.run(given)


def command_line() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(prog="dpo-explained", description=__doc__)
    commands = parser.add_subparsers(required=True)

    serve = commands.add_parser("serve", help="serve the explainer")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    serve.add_argument("--root-path", default="", help="sub-path under which a proxy serves us")
    serve.add_argument("--workers", type=int, default=1, help="server processes")
    serve.add_argument(
        "--trusted-proxies",
        default="127.0.0.1",
        metavar="ADDRESSES",
        help="proxies whose X-Forwarded-For is believed, with commas between them (default: this machine)",
    )
    serve.set_defaults(run=_serve)

    export = commands.add_parser("export", help="write the explainer as static files")
    place = export.add_mutually_exclusive_group(required=True)
    place.add_argument(
        "folder", type=Path, nargs="?", metavar="DIR", help="a new one, or that of a copy"
    )
    place.add_argument(
        "--scorm", type=Path, metavar="FILE.zip", help="a SCORM package in place of a folder"
    )
    export.add_argument(
        "--scorm-edition", choices=("1.2", "2004"), default="1.2", help="of the package"
    )
    export.add_argument("--widget", metavar="NAME", help="this widget alone")
    export.add_argument("--jobs", type=int, help="processes (default: one for each core)")
    export.set_defaults(run=_export)

    train = commands.add_parser("train", help="train the lab's networks from a seed")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--output", type=Path, help="folder for the weights (default: the package)")
    train.set_defaults(run=_train)

    record = commands.add_parser("record", help="make the recorded run of the home page")
    record.set_defaults(run=_record)

    for name, what in (
        ("frontier", "compare all methods under the exact frontier"),
        ("overoptimization", "climb reward models of all sizes"),
    ):
        study = commands.add_parser(name, help=f"{what}, on all cores; go on where it was stopped")
        study.add_argument("--prompts", nargs="+", default=["lock", "poem"], metavar="PROMPT")
        study.add_argument("--seeds", type=int, default=10)
        study.add_argument("--jobs", type=int, help="processes (default: one for each core)")
        study.add_argument("--output", type=Path, help="data file (default: the package's)")
        study.set_defaults(run=_study, study=name)

    doctor = commands.add_parser("doctor", help="check this installation")
    doctor.add_argument("--host", default="127.0.0.1", help="that the server is to listen on")
    doctor.add_argument("--port", type=int, default=8000, help="that the server is to listen on")
    doctor.set_defaults(run=_doctor)
    return parser


def _serve(given: argparse.Namespace) -> None:
    import uvicorn

    from app.runs.store import temporary_folder
    from app.web.logs import LOGGING

    # Uvicorn ends in an orderly way and then lets the signal act: it must not leave the folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with temporary_folder() as folder:
        # All workers keep their finished runs in one place.
        os.environ.setdefault("DPO_EXPLAINED_STORE", folder)
        uvicorn.run(
            "app.main:create_app",
            factory=True,
            host=given.host,
            port=given.port,
            workers=given.workers,
            root_path=given.root_path,
            # Our own lines tell of requests, without queries; a refused websocket would be told with its own.
            log_config=LOGGING,
            access_log=False,
            ws="none",
            # Longer than a reader looks at a chart: a connection that is closed as it is used is an error.
            timeout_keep_alive=75,
            # Streams that are open when the server is told to stop: browsers open theirs again elsewhere.
            timeout_graceful_shutdown=GRACE_S,
            forwarded_allow_ips=given.trusted_proxies,
        )


def _export(given: argparse.Namespace) -> None:
    from app.export.copy import MOST_BYTES, Occupied, export
    from app.export.scorm import NoQuiz, export_scorm
    from app.widgets.registry import WIDGETS

    if given.widget not in (None, *WIDGETS):
        raise SystemExit(f"There is no widget {given.widget!r}; there are: {', '.join(WIDGETS)}")
    try:
        if given.scorm:
            report = export_scorm(given.scorm, given.widget, given.jobs, given.scorm_edition)
        else:
            report = export(given.folder, given.widget, given.jobs)
    except (Occupied, NoQuiz) as error:
        raise SystemExit(str(error)) from error
    print(*report.lines, sep="\n")
    if given.scorm:
        print(f"written to {given.scorm}")
    else:
        print(f"written to {given.folder}; open {given.folder / 'index.html'}")
    if report.bytes > MOST_BYTES:
        raise SystemExit(f"That is more than {MOST_BYTES:,} bytes.")


def _train(given: argparse.Namespace) -> None:
    from app.lab.trained import WEIGHTS, save_lab, train_lab

    folder = given.output or WEIGHTS
    save_lab(train_lab(given.seed, print), folder)
    print(f"written to {folder}")


def _record(_: argparse.Namespace) -> None:
    from app.studies.home_run import FILE, record, save

    save(record())
    print(f"written to {FILE}")


def _study(given: argparse.Namespace) -> None:
    from app.studies import sweep as studies

    # Stopped by a signal as by a key: the processes end, and what is finished is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    frontier = given.study == "frontier"
    file = given.output or (studies.FRONTIER if frontier else studies.OVEROPTIMIZATION)
    command = (
        f"dpo-explained {given.study} --prompts {' '.join(given.prompts)} --seeds {given.seeds}"
    )
    if frontier:
        runs = studies.frontier_runs(given.prompts, given.seeds)
        studies.study("frontier", command, runs, studies.make_run, file, given.jobs)
    else:
        climbs = studies.overoptimization_climbs(given.prompts, given.seeds)
        studies.study("overoptimization", command, climbs, studies.make_climb, file, given.jobs)
    print(f"written to {file}")


def _doctor(given: argparse.Namespace) -> None:
    from app.doctor import report

    if not report(given.host, given.port):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
