"""What a run's own program does without: modules that its libraries import for uses that no run has.

Papermill imports clients of stores that it could read notebooks from, and its notebook's schema what knows forms that
no schema here has. That is two fifths of what the program computes until the kernel starts. The kernel is another
process and finds all of them.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType

FORMS = ("fqdn", "isoduration", "rfc3986_validator", "rfc3987_syntax", "uri_template", "webcolors")
"""Modules for forms of values, that a schema's validator does without."""
NOT_THERE = ("pyarrow", *FORMS)
"""Modules that their importers do without."""
STAND_INS = ("requests",)
"""A module whose importer cannot do without it, and uses it for addresses alone; whatever it asked of it would fail."""


def leave_out() -> None:
    """Keep these modules away from the imports that follow, none of which makes garbage that is worth a look."""
    sys.modules.update(dict.fromkeys(NOT_THERE))  # type: ignore[arg-type]  # importing them raises ImportError
    sys.modules.update({name: ModuleType(name, __doc__) for name in STAND_INS})
    gc.disable()


def collect_again() -> None:
    """Look after garbage from now on, and not among what was imported."""
    gc.freeze()
    gc.enable()
