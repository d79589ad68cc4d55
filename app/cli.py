"""The ``dpo-explained`` command."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

LOSS_PARAMETERS = (
    *("loss_types", "loss_weights", "label_smoothing", "simpo_gamma", "kto_reference_point"),
    *("desirable_weight", "undesirable_weight", "reward_shift", "discopop_tau", "alphapo_alpha"),
    *("f_divergence_type", "f_alpha_divergence_coef"),
)
"""options of ``check`` besides the usual ones; named here so that no other command has to load torch"""

GRACE_S = 10
"""seconds that open requests get to finish when the server is stopped"""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: ``dpo-explained serve``, ``export``, ``train`` and others."""
    given = command_line().parse_args(arguments)
    given.run(given)


def command_line() -> argparse.ArgumentParser:
    """The parser, with all commands and their options."""
    parser = argparse.ArgumentParser(
        prog="dpo-explained", description="Serve, export and check the DPO explainer."
    )
    parser.add_argument("--version", action="version", version=version("dpo-explained"))
    commands = parser.add_subparsers(required=True)

    serve = commands.add_parser("serve", help="serve the explainer")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)"
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port to listen on; 0 chooses a free one (default: 8000)",
    )
    serve.add_argument(
        "--root-path", default="", help="sub-path under which a proxy serves the site"
    )
    serve.add_argument(
        "--workers", type=_count, default=1, help="number of server processes (default: 1)"
    )
    serve.add_argument(
        "--trusted-proxies",
        default="127.0.0.1",
        metavar="ADDRESSES",
        help="comma-separated proxies whose X-Forwarded-For is trusted (default: this machine)",
    )
    serve.set_defaults(run=_serve)

    export = commands.add_parser(
        "export", help="write the site as static files, or as a SCORM package"
    )
    place = export.add_mutually_exclusive_group(required=True)
    place.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="a new folder, or one with an earlier copy",
    )
    place.add_argument(
        "--scorm", type=Path, metavar="FILE.zip", help="write a SCORM package instead of a folder"
    )
    export.add_argument(
        "--scorm-edition",
        choices=("1.2", "2004"),
        default="1.2",
        help="edition of the SCORM package (default: 1.2)",
    )
    export.add_argument("--widget", metavar="NAME", help="export only this widget")
    export.add_argument("--jobs", type=_count, help="number of processes (default: one per core)")
    export.set_defaults(run=_export)

    train = commands.add_parser("train", help="train the lab's networks from a seed")
    train.add_argument("--seed", type=int, default=0, help="seed of all training (default: 0)")
    train.add_argument(
        "--output", type=Path, help="folder for the weights (default: the package's)"
    )
    train.set_defaults(run=_train)

    record = commands.add_parser("record", help="record the run that the home page shows")
    record.set_defaults(run=_record)

    healthy = commands.add_parser(
        "healthy-runs", help="train the healthy runs over which a log is drawn"
    )
    healthy.set_defaults(run=_healthy_runs)

    two, six = "lock poem", "lock poem headache lottery gravity bleach"
    for name, studied, what in (
        ("frontier", two, "compare all methods under the exact frontier"),
        ("comparison", six, "compare DPO and RLHF with either reward model"),
        ("overoptimization", two, "over-optimize reward models of all sizes"),
    ):
        study = commands.add_parser(name, help=f"{what}, on all cores; resumes if it was stopped")
        study.add_argument(
            "--prompts",
            nargs="+",
            default=studied.split(),
            metavar="PROMPT",
            help=f"default: {studied}",
        )
        study.add_argument("--seeds", type=int, default=10, help="number of seeds (default: 10)")
        study.add_argument(
            "--jobs", type=_count, help="number of processes (default: one per core)"
        )
        study.add_argument("--output", type=Path, help="data file (default: the package's)")
        study.set_defaults(run=_study, study=name)

    check = commands.add_parser(
        "check",
        help="look for common mistakes in a run",
        description="Look for common mistakes in a run: what a trainer logged, or log-probabilities of "
        "pairs. The file is read here and sent nowhere.",
        epilog="Exit status: 0 if nothing was found, 1 if something was found, 2 if the file or an option "
        "cannot be read.",
    )
    check.add_argument("file", metavar="FILE", help="the file; - is standard input")
    check.add_argument(
        "--trainer", help="what wrote the file: trl, openrlhf, ... (default: recognized)"
    )
    check.add_argument(
        "--loss",
        dest="loss_type",
        metavar="LOSS",
        help="loss of the run, by its name here or, with --trainer, there (default: sigmoid)",
    )
    check.add_argument("--beta", help="default: that of the trainer, or 0.1")
    check.add_argument(
        "--json", action="store_true", help="print what POST /api/v1/check_run answers"
    )
    check.add_argument(
        "--fail-on",
        metavar="NAME,...",
        default="",
        help="end with 1 only if one of these is found, such as step_zero,swapped (default: any)",
    )
    check.add_argument(
        "--site",
        metavar="URL",
        default="http://127.0.0.1:8000",
        help="where the figures are served that findings refer to (default: %(default)s)",
    )
    others = check.add_argument_group("parameters of the loss, as in POST /api/v1/check_run")
    for name in LOSS_PARAMETERS:
        others.add_argument(f"--{name.replace('_', '-')}", metavar="X")
    check.set_defaults(run=_check)

    doctor = commands.add_parser("doctor", help="check this installation")
    doctor.add_argument("--host", default="127.0.0.1", help="address that the server will use")
    doctor.add_argument("--port", type=_port, default=8000, help="port that the server will use")
    doctor.set_defaults(run=_doctor)
    return parser


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def _count(text: str) -> int:
    return _whole(text, 1, 10_000)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
    return int(text)


def _serve(given: argparse.Namespace) -> None:
    import uvicorn

    from app.runs.store import temporary_folder
    from app.web.logs import LOGGING

    # Uvicorn shuts down and then raises the signal again: exit normally, so that the folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with temporary_folder() as folder:
        # All workers share one store of finished runs.
        os.environ.setdefault("DPO_EXPLAINED_STORE", folder)
        uvicorn.run(
            "app.main:create_app",
            factory=True,
            host=given.host,
            port=given.port,
            workers=given.workers,
            root_path=given.root_path,
            # We log requests ourselves, without queries; uvicorn would log those of refused websockets.
            log_config=LOGGING,
            access_log=False,
            ws="none",
            # Longer than a reader looks at a chart: a request on a connection just being closed would fail.
            timeout_keep_alive=75,
            # Browsers reconnect the streams that are still open when the server stops.
            timeout_graceful_shutdown=GRACE_S,
            forwarded_allow_ips=given.trusted_proxies,
        )


def _export(given: argparse.Namespace) -> None:
    from app.export.copy import MOST_BYTES, FolderNotEmpty, export
    from app.export.scorm import QuizMissing, export_scorm
    from app.widgets.registry import WIDGETS

    if given.widget not in (None, *WIDGETS):
        raise SystemExit(f"There is no widget {given.widget!r}; there are: {', '.join(WIDGETS)}")
    try:
        if given.scorm:
            report = export_scorm(given.scorm, given.widget, given.jobs, given.scorm_edition)
        else:
            report = export(given.folder, given.widget, given.jobs)
    except (FolderNotEmpty, QuizMissing) as error:
        raise SystemExit(str(error)) from error
    print(*report.lines, sep="\n")
    if given.scorm:
        print(f"written to {given.scorm}")
    else:
        print(f"written to {given.folder}; open {given.folder / 'index.html'}")
    if report.bytes > MOST_BYTES:
        raise SystemExit(f"The copy is larger than {MOST_BYTES:,} bytes.")


def _train(given: argparse.Namespace) -> None:
    from app.lab.trained import WEIGHTS, save_lab, train_lab

    folder = given.output or WEIGHTS
    save_lab(train_lab(given.seed, print), folder)
    print(f"written to {folder}")


def _record(_: argparse.Namespace) -> None:
    from app.studies.home_run import FILE, record, save

    save(record())
    print(f"written to {FILE}")


def _healthy_runs(_: argparse.Namespace) -> None:
    from app.studies.healthy_runs import FILE, record, save

    save(record(datetime.now(UTC).date().isoformat()))
    print(f"written to {FILE}")


def _study(given: argparse.Namespace) -> None:
    from app.studies import sweep as studies

    # SIGTERM acts like Ctrl-C: the processes end, and finished runs are kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    file = given.output or studies.FILES[given.study]
    command = (
        f"dpo-explained {given.study} --prompts {' '.join(given.prompts)} --seeds {given.seeds}"
    )
    tasks = studies.TASKS[given.study](given.prompts, given.seeds)
    studies.run_study(given.study, command, tasks, file, given.jobs)
    print(f"written to {file}")


def _check(given: argparse.Namespace) -> None:
    from pydantic import ValidationError

    from app.check.document import document
    from app.check.params import RunParams
    from app.check.run import NAMES, check_run
    from app.check.tables import RunFileError
    from app.check.text import text_of

    failing = {name.strip() for name in given.fail_on.split(",")} - {""} or NAMES
    if unknown := failing - NAMES:
        _refuse(
            f"--fail-on: unknown {', '.join(sorted(unknown))} (one of: {', '.join(sorted(NAMES))})"
        )
    named = {name: getattr(given, name) for name in RunParams.model_fields}
    values = {name: value for name, value in named.items() if value is not None}
    try:
        settings = RunParams.model_validate(values).settings()
        if given.file == "-":
            report = check_run(sys.stdin.buffer.read(), settings)
        else:
            file = Path(given.file)
            report = check_run(file.read_bytes(), settings, file.name)
    except ValidationError:
        _refuse_params(values)
    except OSError as error:
        _refuse(f"{given.file}: {error.strerror}")
    except RunFileError as error:
        _refuse(f"{'standard input' if given.file == '-' else given.file}: {error}")
    found = document(report, given.site.rstrip("/"))
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    _tell(found.model_dump_json(indent=2) if given.json else text_of(found, color=color))
    raise SystemExit(1 if any(one.name in failing for one in report.found) else 0)


def _tell(text: str) -> None:
    """Print a text to whatever terminal or pipe there is, which may lack characters or be closed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse_params(values: dict[str, str]) -> NoReturn:
    """Say what is wrong with options, as the API says it."""
    from app.check.asked import params_of_form
    from app.web.problem import InvalidParams

    try:
        params_of_form(values)
    except InvalidParams as error:
        _refuse(str(error))
    raise AssertionError("the parameters are valid")


def _refuse(message: str) -> NoReturn:
    print(f"dpo-explained check: {message}", file=sys.stderr)
    raise SystemExit(2)


def _doctor(given: argparse.Namespace) -> None:
    from app.doctor import report

    if not report(given.host, given.port):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
