"""The registry of released tables: which cells of which snapshot left the lab, so that later tables are compared.

Invariants:

* a register is released in the transaction of its release, and stays when the release is revoked: it was seen;
* a table says which groups of a dataset it shows, and nothing of what it suppressed;
* a request is released only while the registry is as its check saw it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RegisteredTable:
    """One table: cells over dimensions of a dataset's file, with how many rows and units stand behind each.

    ``figures`` are the measures that it tells of, ``count`` for counts. ``exact`` is false where no figure agreed with
    the dataset, so that the cells cover an unknown part of it; ``counts`` are then the whole numbers that it showed.
    """

    path: str
    dataset: str
    file: str
    dimensions: tuple[str, ...] = ()
    decimals: tuple[int, ...] = ()
    filter: str = ""
    figures: tuple[str, ...] = ()
    exact: bool = False
    cells: tuple[tuple[str, ...], ...] = ()
    rows: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """The tables of one request that were made from one snapshot; ``seen`` is the registry's head at their check.

    Behind an “@” stands when the canaries that the check was told of were declared.
    """

    id: str
    request: str
    project: str
    dataset: str
    snapshot: str
    turn: int
    seen: str
    tables: tuple[RegisteredTable, ...]
    released: datetime | None = None


def register_id(request: str, dataset: str) -> str:
    """A request has one register for each dataset that it draws on."""
    return f"{request}/{dataset}"


def head(registers: Iterable[Register]) -> str:
    """A digest of all that is released of a dataset: two heads are the same exactly when nothing was added."""
    names = sorted(f"{r.id} {r.turn}" for r in registers if r.released is not None)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
