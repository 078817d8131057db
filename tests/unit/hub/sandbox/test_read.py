"""Facts about the reader's program: one child for each file, and a file that fails fails alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.gate.exchange import ReadResult
from hub.gate.fragments import FileFragments, RefusalFragment
from hub.gate.refusals import RefusalReason

# In the tests' own process Polars may hold threads, which a forked reader would wait for; a real one starts afresh.
SLOW = """
import sys, time
from pathlib import Path
from hub.sandbox import read
real = read.read_file
def slow(index, path, content):
    if "slow" in path: time.sleep(60)
    if "hungry" in path: bytearray(6 * 2**30)
    if "loud" in path: raise RuntimeError("a value from the data")
    if "dead" in path: __import__("os").kill(__import__("os").getpid(), 9)
    if "unlucky" in path and not (mark := Path(sys.argv[1], "mark")).exists():
        mark.touch()
        __import__("os").kill(__import__("os").getpid(), 9)
    return real(index, path, content)
read.read_file = slow
read.MOST_SHOWN_FRAGMENTS = 600
sys.exit(read.read(Path(sys.argv[1]), seconds=1))
"""


class Container:
    """The folders of a reader's container."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "in").mkdir()
        (root / "out").mkdir()

    def run(self, files: dict[str, bytes], *program: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        for number, content in enumerate(files.values(), 1):
            (self.root / "in" / f"{number:04d}").write_bytes(content)
        asked = {"files": [{"index": n, "path": path} for n, path in enumerate(files, 1)]} | more
        if not (self.root / "in" / "request.json").exists():
            (self.root / "in" / "request.json").write_text(json.dumps(asked))
        command = [sys.executable, *(program or ("-m", "hub.sandbox.read")), str(self.root)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
        return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)

    @property
    def result(self) -> ReadResult:
        return ReadResult.model_validate_json((self.root / "out" / "result.json").read_bytes())

    def written(self, index: int) -> int:
        """When what was read of a file was written."""
        return (self.root / "out" / "fragments" / f"{index:04d}.json").stat().st_mtime_ns

    def fragments(self, index: int) -> FileFragments:
        content = (self.root / "out" / "fragments" / f"{index:04d}.json").read_bytes()
        return FileFragments.model_validate_json(content)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_files_are_read_and_told(container: Container) -> None:
    ended = container.run({"t.csv": b"a,b\n1,2\n", "x.pdf": b"%PDF-1.7", "n/t.txt": b"words"})
    assert ended.returncode == SandboxExit.OK
    assert ended.stdout + ended.stderr == b"ok\n"
    assert [(f.path, f.kind.value, f.refusal) for f in container.result.files] == [
        ("t.csv", "csv", None),
        ("x.pdf", "unknown", RefusalReason.PDF),
        ("n/t.txt", "text", None),
    ]
    assert container.fragments(1).fragments[0].type == "table"


def test_a_file_that_breaks_its_reader_is_refused_and_the_others_are_read(container: Container) -> None:
    names = ("slow.txt", "hungry.txt", "loud.txt", "dead.txt", "good.txt")
    ended = container.run(dict.fromkeys(names, b"words"), "-c", SLOW)
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [RefusalReason.CRASHED] * 4 + [None]
    assert container.fragments(1).fragments == (RefusalFragment(reason=RefusalReason.CRASHED),)


def test_a_small_file_whose_reader_was_killed_beside_another_one_is_read_alone(container: Container) -> None:
    ended = container.run({"good.txt": b"words", "unlucky.txt": b"words", "last.txt": b"more"}, "-c", SLOW)
    assert ended.returncode == SandboxExit.OK
    assert [(f.path, f.refusal) for f in container.result.files] == [
        ("good.txt", None),
        ("unlucky.txt", None),
        ("last.txt", None),
    ]
    assert (container.root / "mark").exists()


def test_a_file_whose_reader_was_killed_alone_is_not_read_again(container: Container) -> None:
    """The program would read it well the second time."""
    ended = container.run({"unlucky.txt": b"words"}, "-c", SLOW)
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [RefusalReason.CRASHED]
    assert (container.root / "mark").exists()


def test_a_file_that_is_not_there_is_refused(container: Container) -> None:
    (container.root / "in" / "request.json").write_text('{"files": [{"index": 7, "path": "t.csv"}]}')
    assert container.run({}).returncode == SandboxExit.OK
    assert container.result.files[0].refusal is RefusalReason.CRASHED


@pytest.mark.parametrize("request_text", ["", "{}", '{"files": [{"index": 0, "path": "t"}]}', '{"files": [], "x": 1}'])
def test_a_request_that_is_none_is_refused(container: Container, request_text: str) -> None:
    (container.root / "in" / "request.json").write_text(request_text)
    ended = container.run({})
    assert ended.returncode == SandboxExit.BAD_REQUEST
    assert not (container.root / "out" / "result.json").exists()


def test_supporting_files_are_read_last_each_in_its_share_of_the_time(container: Container) -> None:
    """Of nine seconds, three quarters of twelve, the slow one has six."""
    files = dict.fromkeys(("own.txt", "slow-1.txt", "quick-1.txt", "quick-2.txt", "other.txt"), b"words")
    began = time.monotonic()
    ended = container.run(files, "-c", SLOW, supporting=[2, 3, 4], seconds=12)
    assert ended.returncode == SandboxExit.OK
    assert [(f.index, f.path) for f in container.result.files] == list(enumerate(files, 1))
    assert [f.refusal for f in container.result.files] == [None, RefusalReason.OUT_OF_TIME, None, None, None]
    assert container.fragments(2).fragments == (RefusalFragment(reason=RefusalReason.OUT_OF_TIME),)
    assert time.monotonic() - began < 12
    assert container.written(5) < container.written(2)


def test_supporting_files_have_no_time_where_the_others_took_it(container: Container) -> None:
    files = {"slow.txt": b"words", "how.txt": b"words", "last.txt": b"words"}
    ended = container.run(files, "-c", SLOW, supporting=[2], seconds=1)
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [RefusalReason.CRASHED, RefusalReason.OUT_OF_TIME, None]


def test_supporting_files_share_the_room_and_take_none_from_the_others(container: Container) -> None:
    files = {"how.txt": b"w" * 300, "long.txt": b"w" * 400, "short.txt": b"w", "own.txt": b"w" * 900}
    ended = container.run(files, "-c", SLOW, supporting=[1, 2, 3])
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [None, RefusalReason.TOO_LARGE, None, None]
    assert container.fragments(2).fragments == (RefusalFragment(reason=RefusalReason.TOO_LARGE),)


def test_a_supporting_file_is_not_begun_where_the_answer_may_have_no_room(container: Container) -> None:
    full = SLOW.replace("read.MOST_SHOWN_FRAGMENTS = 600", "read.LARGEST_RESULT = 2**60")
    ended = container.run({"how.txt": b"words", "own.txt": b"words"}, "-c", full, supporting=[1])
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [RefusalReason.TOO_LARGE, None]


def test_a_supporting_file_that_breaks_its_reader_is_refused_alone(container: Container) -> None:
    files = dict.fromkeys(("dead.txt", "loud.txt", "how.txt"), b"words")
    ended = container.run(files, "-c", SLOW, supporting=[1, 2, 3])
    assert ended.returncode == SandboxExit.OK
    assert [f.refusal for f in container.result.files] == [RefusalReason.CRASHED] * 2 + [None]
