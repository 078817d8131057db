"""Validation: whether a submitted notebook ran from top to bottom on twins of its datasets, before anybody looks at it.

Invariants:

* what was not seen to pass has not passed: a validator that crashed, or took too long, says nothing of the notebook;
* of an error its class and its cell are kept, never its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.errors import RefusedError

ERROR_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


class ValidationResult(StrEnum):
    """What came of it."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_VALIDATED = "not_validated"


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of a validation.

    Where the notebook failed, ``cell`` is the number of its first cell that did, from 1, and ``error`` the class of the
    error; where it was not validated, ``reason`` is a sentence. ``twins`` has the digest of each dataset's twin, and
    ``packages`` is that of the list of the image's packages.
    """

    result: ValidationResult
    cell: int = 0
    error: str = ""
    reason: str = ""
    twins: dict[str, str] | None = None
    packages: str = ""


def error_class(name: object) -> str:
    """Return the class of an error as the notebook's kernel named it; what is no plain name is only an error."""
    return name if isinstance(name, str) and ERROR_CLASS.fullmatch(name) else "Error"


def check_validated(validation: Validation | None, *, failed: bool, unvalidated: bool) -> None:
    """Only a notebook that ran to its end on the twins is approved, unless ``lab.toml`` lets approvers do without."""
    if validation is None or validation.result is ValidationResult.NOT_VALIDATED:
        if not unvalidated:
            raise RefusedError(
                "The notebook was not validated, and this lab approves none without; let its author submit it again.",
                reason="notebook-not-validated",
            )
    elif validation.result is ValidationResult.FAILED and not failed:
        raise RefusedError(
            "The notebook does not run to its end on invented data: cell {cell} ends with {error}. "
            "Its author mends it and submits it again.",
            reason="notebook-validation-failed",
            cell=validation.cell,
            error=validation.error,
        )
