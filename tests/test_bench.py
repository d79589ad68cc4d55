"""The pieces of the benchmark; no time is asserted."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from starlette.testclient import TestClient

from app.lab.ppo import PPOConfig
from app.lab.trained import the_lab
from app.settings import Settings
from tools.bench import bare, lab, light, machine, pages, readers, server, sliders
from tools.bench.generator import Failed, generator
from tools.bench.http_load import Head, Job, parse_head, read_answer
from tools.bench.memory import memory_of
from tools.bench.samples import Samples, in_turn, percentile
from tools.bench.serving import DidNotStart, served
from tools.bench.table import COLUMNS, Missing, Row, Subject, Target, table, written

SUBJECTS = [*lab.SUBJECTS, *server.SUBJECTS, *readers.SUBJECTS]
SUBJECTS += [*sliders.SUBJECTS, *pages.SUBJECTS]
SUBJECT = Subject("reading", "s", "a blank page", (Target(2), Target(1.5, of="ratio")))


# ---- statistics --------------------------------------------------------------------------------


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    values = random.Random(0).sample(range(1, 101), 100)
    assert [percentile(values, share) for share in (1, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_that_is_not_defined_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_measured_and_floor_are_taken_in_turn_and_each_goes_first() -> None:
    order: list[str] = []
    clock = itertools.count()

    def taken(name: str) -> float:
        order.append(name)
        return next(clock)

    measured, floor = in_turn(lambda: taken("m"), lambda: taken("f"), 3)
    assert order == ["m", "f", "f", "m", "m", "f"]
    assert (measured.values, floor.values) == ((0, 3, 4), (1, 2, 5))
    assert (measured.median, measured.low, measured.high) == (3, 0, 4)


# ---- table -------------------------------------------------------------------------------------


def test_every_row_has_a_floor_and_a_target_and_no_two_are_the_same() -> None:
    assert len({subject.what for subject in SUBJECTS}) == len(SUBJECTS)
    for subject in SUBJECTS:
        assert subject.floor, subject
        assert subject.targets, subject
        assert subject.unit, subject


def test_a_row_shows_its_ratio_and_which_targets_are_met() -> None:
    cells = Row(SUBJECT, Samples((1.5, 2.0, 1.0)), Samples((0.5,)), "in a hurry").cells()
    assert dict(zip(COLUMNS, cells, strict=True)) == {
        "what": "reading; in a hurry",
        "measured (range)": "1.5 s (1 to 2)",
        "floor (range)": "0.5 s",
        "what the floor is": "a blank page",
        "ratio": "3.00",
        "target": "at most 2 s, ratio at most 1.5",
        "met": "yes, **no**",
    }


def test_a_share_of_a_throughput_has_to_be_reached() -> None:
    target = Target(0.7, of="ratio", at_least=True)
    assert target.met(70, 100)
    assert not target.met(69, 100)
    assert target.written("requests/s") == "ratio at least 0.7"


def test_what_takes_longer_than_its_floor_may_have_a_limit_of_its_own() -> None:
    target = Target(1, of="excess")
    assert target.met(10.5, 9.5)
    assert not target.met(10.6, 9.5)
    assert target.written("s") == "at most 1 s more"


def test_what_could_not_be_measured_has_not_met_its_target() -> None:
    cells = Missing(SUBJECT, "no browser").cells()
    assert len(cells) == len(COLUMNS)
    assert cells[1] == "not measured: no browser"
    assert cells[-1] == "**no**"


def test_the_table_is_markdown_with_its_columns_in_line() -> None:
    lines = table([Row(SUBJECT, Samples((1.0,)), Samples((1.0,))), Missing(SUBJECT, "")]).split(
        "\n"
    )
    assert len({len(line) for line in lines}) == 1
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}
    assert set(lines[1]) == set("|- ")


def test_numbers_have_three_digits_or_their_whole_part() -> None:
    assert [written(value) for value in (0, 0.01234, 1.5, 99.94, 123.4, 12345.6)] == [
        *("0", "0.0123", "1.5", "99.9", "123", "12,346"),
    ]


def test_the_machine_is_read_from_proc() -> None:
    assert machine.cpu_model("x\nmodel name\t: A  B 7\nmodel name\t: other\n") == "A  B 7"
    assert machine.memory_gb("MemFree: 1 kB\nMemTotal:       2000000 kB\n") == 2.048
    assert "torch 2" in machine.header()


# ---- what is measured --------------------------------------------------------------------------


def test_the_bare_work_is_done_on_networks_of_the_lab_and_leaves_them_as_they_were() -> None:
    reference = the_lab().reference_policy
    before = [parameter.clone() for parameter in reference.parameters()]
    assert bare.PREFIXES == 1555
    assert bare.prefix_layers(reference, 0)().shape == (1555, 6)
    batch = the_lab().training_comparisons(0)[:8].both()
    bare.dpo_steps(reference, 0, [batch])()
    bare.ppo_iterations(reference, 0, PPOConfig(iterations=1))()
    assert all((a == b).all() for a, b in zip(before, reference.parameters(), strict=True))


@pytest.mark.parametrize("addresses", light.LIGHT, ids=lambda each: each.__name__)
def test_addresses_of_light_requests_are_good_and_do_not_repeat(
    client: TestClient, addresses: light.Addresses
) -> None:
    made = list(itertools.islice(addresses(random.Random(1)), 500))
    assert len(set(made)) == 500
    for path in made[:3]:
        assert client.get(path).status_code == 200


# ---- load generator ----------------------------------------------------------------------------


def test_heads_of_answers_are_read() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n") == Head(200, 12, False)
    assert parse_head(b"HTTP/1.1 404 Not Found\r\nTRANSFER-encoding: Chunked\r\n\r\n") == Head(
        404, 0, True
    )
    with pytest.raises(ValueError, match="HTTP"):
        parse_head(b"SSH-2.0-x y z\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    ],
)
def test_bodies_are_read_to_their_end_and_no_further(sent: bytes) -> None:
    async def read() -> tuple[tuple[int, bytes], bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(sent + b"next")
        reader.feed_eof()
        return await read_answer(reader), await reader.read()

    answers = []
    thread = threading.Thread(target=lambda: answers.append(asyncio.run(read())))
    thread.start()
    thread.join()
    assert answers == [((200, b"hello"), b"next")]


@contextmanager
def counting_server(asked: list[str]) -> Iterator[int]:
    """The port of a server that notes what it is asked, and has no page /missing."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield listening.server_port
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_the_generator_asks_once_or_at_a_rate_and_counts() -> None:
    asked: list[str] = []
    paths = [f"/{n}" for n in range(30)]
    with counting_server(asked) as port, generator() as load:
        once = load.run(Job(port, paths, seconds=60, connections=3, once=True))
        assert (once.requests, sorted(asked)) == (30, sorted(paths))
        steady = load.run(Job(port, paths[:4], seconds=0.5, connections=2, rate=20))
        assert steady.requests == len(steady.latencies_ms) == 10
        assert min(steady.latencies_ms) > 0
        with pytest.raises(Failed, match="1 of 2 requests"):
            load.run(Job(port, ["/0", "/missing"], seconds=60, connections=1, once=True))


# ---- server process ----------------------------------------------------------------------------


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(DidNotStart, match="no such luck"), served(["-c", "exit('no such luck')"]):
        pass


def test_memory_counts_the_child_processes_of_a_server() -> None:
    child = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(os.getpid())
        process.communicate(b"")
    assert found.children >= 1
    assert 0 < found.children_pss < found.all_pss
    assert found.pss <= found.rss
    # Python itself is read from a file.
    assert 0 < found.files < found.rss


def test_those_who_wait_for_runs_of_others_are_timed_until_their_first_row() -> None:
    with served() as server:
        bench = readers.Bench(server, Settings().concurrent_runs, long=150)
        times = [bench.at_rest(), bench.left(), bench.quick(), bench.slow()]
    assert min(times) > 0
