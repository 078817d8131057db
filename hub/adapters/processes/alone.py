"""The privileged process without the rest of the lab, for measurements and tests that need real containers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hub.adapters.processes.health import answers
from hub.adapters.processes.programs import privileged_program
from hub.domain.errors import UnavailableError
from hub.settings import Settings

LONGEST_START = 20.0


@contextmanager
def privileged_process(
    settings: Settings, config: Path, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the privileged process of a lab until the block ends; it listens when the block begins."""
    program = privileged_program(settings, config)
    own = {**os.environ, **program.environment, **(environment or {})}
    with (log or Path(os.devnull)).open("ab") as file:
        started = subprocess.Popen(program.command, env=own, stdout=file, stderr=sys.stderr if log is None else file)
    try:
        _wait(started, program.listener)
        yield started
    finally:
        started.terminate()
        started.wait()


def _wait(started: subprocess.Popen[bytes], listener: Path | None) -> None:
    deadline = time.monotonic() + LONGEST_START
    # Any answer will do: without an engine it says so.
    while not answers("http://engine/", listener):
        if started.poll() is not None or time.monotonic() > deadline:
            raise UnavailableError("The privileged process did not come up.", reason="process-failed")
        time.sleep(0.02)
