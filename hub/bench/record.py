"""Recorded results: one JSON file, from which the page of measurements is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.bench.rows import Row


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: the machine and its load when it began, the rounds, and what came."""

    machine: str
    rounds: int
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {"machine": self.machine, "rounds": self.rounds, "rows": [row.as_json() for row in self.rows]}


def read(path: Path) -> dict[str, Any]:
    """What is recorded, by the measurements' names."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write(path: Path, runs: Mapping[str, Run]) -> None:
    """Put results in the place of earlier ones of the same names; other ones stay."""
    recorded = read(path) | {name: run.as_json() for name, run in runs.items()}
    path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")
