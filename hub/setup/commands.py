"""Runs a command with its whole output in a log file, so that the terminal shows progress and not noise."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.setup.steps import SetupError

_TELLING = ("error", "e:", "fatal", "failed", "cannot", "unable", "no space")


def telling_line(output: str) -> str:
    """The first line of an output that names a fault, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        if line.lower().lstrip("> ").startswith(_TELLING):
            return line[:300]
    return lines[-1][:300] if lines else "it said nothing"


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    log: Path,
    extra: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Runs a command; raises ``SetupError`` with its telling line when it fails.

    ``what`` begins the sentence ("Installing Debian packages"); ``extra`` adds to the process's environment.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with log.open("w") as out:
        try:
            code = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=os.environ | dict(extra or {}),
                cwd=cwd,
                check=False,
            ).returncode
        except OSError as error:
            raise SetupError(
                f"{what} failed: {words[0]} could not be started ({error.strerror}).", f"ls -l {words[0]}"
            ) from error
    if code != 0:
        line = telling_line(log.read_text(errors="replace"))
        raise SetupError(f"{what} failed with code {code}: {line}", f"less {log}")
