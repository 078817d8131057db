"""Facts about the reader's program: one child for each file, and a file that fails fails alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
sys.exit(read.read(Path(sys.argv[1]), seconds=1))
"""


class Container:
    """The folders of a reader's container."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "in").mkdir()
        (root / "out").mkdir()

    def run(self, files: dict[str, bytes], *program: str) -> subprocess.CompletedProcess[bytes]:
        for number, content in enumerate(files.values(), 1):
            (self.root / "in" / f"{number:04d}").write_bytes(content)
        asked = {"files": [{"index": n, "path": path} for n, path in enumerate(files, 1)]}
        if not (self.root / "in" / "request.json").exists():
            (self.root / "in" / "request.json").write_text(json.dumps(asked))
        command = [sys.executable, *(program or ("-m", "hub.sandbox.read")), str(self.root)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
        return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)

    @property
    def result(self) -> ReadResult:
        return ReadResult.model_validate_json((self.root / "out" / "result.json").read_bytes())

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
