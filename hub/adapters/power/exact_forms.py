"""The exact forms of what a verb may name: nothing with a slash, nothing too long, no key too many."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.domain.people import LONGEST_NAME, NAME_PATTERN

_NAME = rf"^{NAME_PATTERN.pattern}$"
Name = Annotated[str, Field(pattern=_NAME, max_length=LONGEST_NAME)]
Identifier = Annotated[str, Field(pattern=_NAME, max_length=100)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Uid = Annotated[int, Field(ge=100_000, le=2**31 - 1)]
Size = Annotated[int, Field(ge=0, le=2**62)]


def _plain(name: str) -> str:
    if name != PurePosixPath(name).name or name in (".", "..") or not name.isprintable():
        raise ValueError("not a plain name of a file")
    return name


FileName = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_plain)]


class Asked(BaseModel):
    """One verb."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
