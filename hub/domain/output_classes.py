"""What outputs are, for the number of votes that they need: the gate says it of each file by what it read there."""

from __future__ import annotations

from enum import StrEnum


class OutputClass(StrEnum):
    """What a file holds; ``code`` is source without any output, and ``unknown`` counts as the strictest of all."""

    TABLE = "table"
    FIGURE = "figure"
    CODE = "code"
    MODEL = "model"
    TEXT = "text"
    UNKNOWN = "unknown"


KNOWN = tuple(each for each in OutputClass if each is not OutputClass.UNKNOWN)
"""Those that a policy names."""
