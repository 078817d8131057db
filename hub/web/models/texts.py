"""What every request of the API is made of: texts and numbers that are bounded and plain.

Invariants:

* an unknown key, a wrong type or a text beyond its bound refuses the whole request;
* no text holds a control character, a half of a surrogate pair, or a mark that reverses the reading direction.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

REVERSING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MOST_FILES = 1000
LARGEST_COUNT = 2**53


def is_plain(text: str) -> bool:
    """Say whether a line of text holds nothing that is invisible or that changes how its neighbours read."""
    return not any(unicodedata.category(c) in ("Cc", "Cs") or c in REVERSING for c in text)


def plain(text: str) -> str:
    """Take a plain line; refuse any other."""
    if not is_plain(text):
        raise ValueError("control characters are not accepted here")
    return text


def paragraphs(text: str) -> str:
    """Write line ends in one way; tabs stay."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    plain(unified.replace("\n", "").replace("\t", ""))
    return unified


Word = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(plain)]
"""A name, an identifier or the like; the use cases judge its form."""
OptionalWord = Annotated[str, Field(max_length=120), AfterValidator(plain)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain)]
OptionalLine = Annotated[str, Field(max_length=200), AfterValidator(plain)]
Prose = Annotated[str, Field(max_length=4000), AfterValidator(paragraphs)]
FilePath = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(plain)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
StructuralZero = Annotated[dict[Line, OptionalLine], Field(min_length=1, max_length=20)]
"""Columns with values that never stand together in the data."""
Turn = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
"""Which submission of an export request was seen; 0 where that is not said."""
Value = StrictBool | StrictInt | StrictFloat | OptionalLine


class Model(BaseModel):
    """What is sent to the API."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Nothing(Model):
    """The request says all in its address."""


class ReasonBody(Model):
    """Why something is decided."""

    reason: Prose


class OptionalReasonBody(Model):
    """Why something is done, where somebody wants to say it."""

    reason: Prose = ""


class PathQuery(Model):
    """One file of an export request, by its path."""

    path: FilePath


class ProjectFilter(Model):
    """Which project to list; empty for all that one may know of."""

    project: OptionalWord = ""
