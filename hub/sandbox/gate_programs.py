"""The two programs of the gate's containers as processes with hard limits, on folders as the containers see them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from hub.domain.errors import UnavailableError
from hub.domain.sandbox_exit import SandboxExit, sentence
from hub.gate.exchange import LARGEST_RESULT, CheckRequest, CheckResult, OfferedFile, ReadRequest

SECONDS = 600
GO_ON = b"\n"
"""What a program that waits is told."""


def make_folders(work: Path) -> None:
    """Make the folders of both programs."""
    for folder in ("read/in", "read/out", "check/in", "check/out"):
        (work / folder).mkdir(parents=True)


def run_reader(work: Path, paths: Sequence[str]) -> tuple[OfferedFile, ...]:
    """Turn the files below ``read/in`` into fragments below ``check/in``."""
    files = tuple(OfferedFile(index=i, path=path) for i, path in enumerate(paths, start=1))
    (work / "read/in/request.json").write_text(ReadRequest(files=files).model_dump_json(), encoding="utf-8")
    _start("hub.sandbox.read", work / "read")
    (work / "read/out/fragments").rename(work / "check/in/fragments")
    return files


def run_checker(work: Path, request: CheckRequest) -> CheckResult:
    """Judge the fragments below ``check/in``; canonical files lie below ``check/out`` afterwards."""
    (work / "check/in/request.json").write_text(request.model_dump_json(), encoding="utf-8")
    _start("hub.sandbox.check", work / "check")
    return _result(work / "check/out/result.json")


@contextmanager
def loaded_checker(work: Path) -> Iterator[Callable[[CheckRequest], CheckResult]]:
    """Let the checking program load while the files are still read; what is given does as ``run_checker``."""
    process = _begin("hub.sandbox.check", work / "check", "--when-told")

    def run(request: CheckRequest) -> CheckResult:
        (work / "check/in/request.json").write_text(request.model_dump_json(), encoding="utf-8")
        _end(process)
        return _result(work / "check/out/result.json")

    try:
        yield run
    finally:
        process.kill()
        process.communicate()


def _start(program: str, root: Path) -> None:
    """Run one of the gate's programs."""
    process = _begin(program, root)
    try:
        _end(process)
    finally:
        process.kill()
        process.communicate()


def _begin(program: str, root: Path, *more: str) -> subprocess.Popen[bytes]:
    """Begin one of the gate's programs; what it prints is thrown away, its exit code is all that counts."""
    command = [sys.executable, "-P", "-m", program, str(root), *more]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Tell a program to go on if it waits for that, and wait for its end."""
    try:
        process.communicate(GO_ON, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            "The check did not end within {seconds} seconds. Check fewer or smaller files.",
            reason="check-timeout",
            seconds=SECONDS,
        ) from None
    if process.returncode != SandboxExit.OK:
        raise UnavailableError("{why}", reason="check-failed", why=sentence(process.returncode))


def _result(path: Path) -> CheckResult:
    try:
        with path.open("rb") as file:
            return CheckResult.model_validate_json(file.read(LARGEST_RESULT))
    except (OSError, ValidationError):
        raise UnavailableError("The check left no answer that can be read.", reason="check-unreadable") from None
