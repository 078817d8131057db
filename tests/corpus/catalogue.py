"""All cases, in the order of the checks; every ``cases_*`` module beside this one is read."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from corpus.case import CASES, Case
from hub.gate.checks.catalogue import CHECKS, NAME_CHECKS, REQUEST_CHECKS

ALL_CHECKS = (*CHECKS, *REQUEST_CHECKS)
NEEDED = [(check.identifier, False) for check in ALL_CHECKS] + [(check.identifier, True) for check in NAME_CHECKS]
"""Every check, and whether it is the one of a file's name."""


@cache
def cases() -> tuple[Case, ...]:
    """All cases: by check, the bad ones first, and as their module has them."""
    for module in sorted(Path(__file__).parent.glob("cases_*.py")):
        importlib.import_module(f"corpus.{module.stem}")
    return tuple(sorted(CASES, key=lambda case: (NEEDED.index((case.check, case.named)), not case.is_bad)))
