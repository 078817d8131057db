"""Recorded results: one JSON file, from which the page of measurements is made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.bench.rows import Row


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: the machine and its load when it began, the rounds, what came, and of which code and when."""

    machine: str
    rounds: int
    rows: tuple[Row, ...]
    commit: str = ""
    """The code that was measured; empty where that is not known, and with a plus where it was changed since."""
    moment: str = ""
    """When it began, in UTC, to the minute."""

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        rows = [row.as_json() for row in self.rows]
        return {
            "machine": self.machine,
            "rounds": self.rounds,
            "rows": rows,
            "commit": self.commit,
            "moment": self.moment,
        }


def present_commit(folder: Path) -> str:
    """Return the commit of a working copy, with a plus where files were changed since; empty where it is none."""
    try:
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(folder: Path, *words: str) -> str:
    # A working copy may be another user's where root measures.
    command = ["git", "-c", f"safe.directory={folder}", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def present_moment() -> str:
    """Return the present moment, in UTC, to the minute."""
    return datetime.now(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")


def read(path: Path) -> dict[str, Any]:
    """What is recorded, by the measurements' names."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write(path: Path, runs: Mapping[str, Run]) -> None:
    """Put results in the place of earlier ones of the same names; other ones stay."""
    recorded = read(path) | {name: run.as_json() for name, run in runs.items()}
    path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
