"""Results: of each module what is known, between runs in .cache/mutants, and for the docs in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.mutants.modules import Module
from hub.mutants.trying import Outcome


class Known:
    """The outcomes of one module's changes, as long as its source stays."""

    def __init__(self, folder: Path, module: Module) -> None:
        self._file = folder / f"{module.name}.json"
        self._digest = module.digest
        told = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        same = told.get("source") == self._digest
        self.outcomes = {key: Outcome(word) for key, word in told["outcomes"].items()} if same else {}

    def note(self, key: str, outcome: Outcome) -> None:
        """Keep one outcome, at once."""
        self.outcomes[key] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        told = {"source": self._digest, "outcomes": self.outcomes}
        self._file.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Result:
    """One module: the digest of its source, how many changes there are, how many were tried, and what came of them.

    Of those that were noticed, so many by tests that would not end.
    """

    source: str
    possible: int
    tried: int
    noticed: int
    endless: int
    explained: dict[str, str]
    unexplained: list[str]


def read(path: Path) -> dict[str, Result | None]:
    """What is recorded, by module; None where it was not run."""
    if not path.exists():
        return {}
    told = json.loads(path.read_text(encoding="utf-8"))
    return {name: Result(**result) if result else None for name, result in told.items()}


def write(path: Path, modules: list[str], results: Mapping[str, Result]) -> None:
    """Put results in the place of earlier ones, but for those of the same source that tried more.

    Modules that were never run stand there as such.
    """
    earlier = read(path)
    told = {name: _better(results.get(name), earlier.get(name)) for name in modules}
    text = json.dumps({name: result and asdict(result) for name, result in told.items()}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _better(now: Result | None, before: Result | None) -> Result | None:
    if now and before and now.source == before.source and now.tried < before.tried:
        return before
    return now or before
