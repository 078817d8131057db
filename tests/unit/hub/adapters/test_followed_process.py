"""Facts about a process that is followed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.adapters.followed_process import followed


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as made:
        yield made
        made.kill()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_runs_until_it_ends_also_while_nobody_has_waited_for_it(child: subprocess.Popen[bytes]) -> None:
    process = followed(child.pid)
    assert process is not None
    assert process.runs()
    child.kill()
    deadline = time.monotonic() + 5
    while process.runs():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.wait()
    assert not process.runs()
    process.close()


def test_its_seconds_go_on_from_its_start(child: subprocess.Popen[bytes]) -> None:
    process = followed(child.pid)
    assert process is not None
    first = process.seconds()
    time.sleep(0.05)
    assert -0.02 < first < 5
    assert 0.04 < process.seconds() - first < 5
    process.close()


def test_one_that_is_not_there_is_not_followed_and_leaves_nothing_open(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    before = open_files()
    assert followed(child.pid) is None
    assert open_files() == before


def test_what_is_followed_no_longer_leaves_nothing_open(child: subprocess.Popen[bytes]) -> None:
    before = open_files()
    process = followed(child.pid)
    assert process is not None
    process.close()
    assert open_files() == before
