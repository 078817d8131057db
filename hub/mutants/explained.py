"""Why a change that no test notices is none: each in hub/mutants/explained.toml, with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.mutants.changes import Change

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason, and the changes of one module that it is for, by their keys."""

    module: str
    why: str
    changes: tuple[str, ...]


def read(file: Path = FILE) -> list[Explanation]:
    """All explanations, as they stand in the file."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return [Explanation(e["module"], e["why"], tuple(e["changes"])) for e in told.get("explanation", [])]


def reasons(explanations: Iterable[Explanation], module: str) -> dict[str, str]:
    """The reasons for one module, by the changes' keys."""
    return {key: e.why for e in explanations if e.module == module for key in e.changes}


def without_use(reasons: dict[str, str], survivors: Iterable[Change]) -> list[str]:
    """Explained changes that a test notices by now, or that are not made any more."""
    keys = {change.key for change in survivors}
    return [explained for explained in reasons if explained not in keys]
