"""Fragments: what a reader turns a foreign file into, and all that the checks and the canonical writers ever see.

Invariants:

* what leaves is written from the fragments that were checked, and from nothing else;
* a fragment that does not leave says so (``BlobFragment``), and no writer has a way to write it;
* what was found encoded in a file stands apart from what it is made of (``FileFragments.decoded``), and never leaves;
* every model is strict and bounded, since a reader may have been taken over by the file that it read.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from hub.gate.array_types import ArrayType
from hub.gate.kinds import Kind
from hub.gate.refusals import RefusalReason

MOST_FRAGMENTS = 20_000
MOST_COLUMNS = 2_000
MOST_CELLS = 2_000_000
MOST_PIXELS = 40_000_000
LONGEST_PATH = 300
LONG_PAYLOAD = 200
"""Characters from which an encoded run is a payload, whatever it says."""
MOST_ARRAYS = 2_000
MOST_NUMBERS = 16_000_000
MOST_AXES = 8
MOST_LEFT_OUT = 40
"""Kinds of what a picture's file may hold beside the picture."""

Place = Annotated[str, Field(max_length=200)]


class Part(BaseModel):
    """A strict, frozen model that takes no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Slot(Part):
    """Where a fragment stands in a notebook: a cell's source, or one representation of one of its outputs."""

    cell: Annotated[int, Field(ge=0, le=MOST_FRAGMENTS)]
    cell_kind: Literal["code", "markdown", "raw"]
    output: Annotated[int, Field(ge=0, le=MOST_FRAGMENTS)] | None = None
    stream: Literal["", "stdout", "stderr"] = ""
    mime: Literal["", "text/plain", "text/markdown", "image/png"] = ""


class TableFragment(Part):
    """A table of text cells, column by column; an empty cell is an empty text.

    ``nested`` is true for one that stood within something else, so that the author's declaration does not speak of it.
    Where the names of columns were made of several rows, ``header`` holds these as they were: judged, never written.
    """

    type: Literal["table"] = "table"
    place: Place = ""
    slot: Slot | None = None
    nested: bool = False
    columns: tuple[str, ...] = Field(max_length=MOST_COLUMNS)
    header: tuple[tuple[str, ...], ...] = Field(default=(), max_length=MOST_CELLS)
    data: tuple[tuple[str, ...], ...] = Field(max_length=MOST_COLUMNS)

    @model_validator(mode="after")
    def _rectangular(self) -> TableFragment:
        if len(self.columns) != len(self.data) or len({len(column) for column in self.data}) > 1:
            raise ValueError("the columns of a table have different lengths")
        if sum(map(len, self.data)) + sum(map(len, self.header)) > MOST_CELLS:
            raise ValueError("the table has too many cells")
        return self

    @property
    def height(self) -> int:
        """Number of rows below the header."""
        return len(self.data[0]) if self.data else 0


class TextFragment(Part):
    """Running text, of a file or of a notebook's cell or output."""

    type: Literal["text"] = "text"
    place: Place = ""
    slot: Slot | None = None
    text: str


class ValueFragment(Part):
    """A JSON document."""

    type: Literal["value"] = "value"
    place: Place = ""
    value: JsonValue


class LeftOut(Part):
    """What a picture's file held beside the picture, by a name of its format's; its content is nowhere."""

    kind: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,8}$")]
    count: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=0)]


class ImageFragment(Part):
    """A picture as bare pixels: RGBA, 8 bits each, row by row, packed by zlib and written as base64.

    ``left_out`` tells what its file held beside them.
    """

    type: Literal["image"] = "image"
    place: Place = ""
    slot: Slot | None = None
    width: Annotated[int, Field(ge=1, le=MOST_PIXELS)]
    height: Annotated[int, Field(ge=1, le=MOST_PIXELS)]
    pixels: str
    left_out: tuple[LeftOut, ...] = Field(default=(), max_length=MOST_LEFT_OUT)


class ArrayPart(Part):
    """One array of numbers: little-endian bytes, row by row, written as base64."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    type: ArrayType
    shape: tuple[Annotated[int, Field(ge=1, le=MOST_NUMBERS)], ...] = Field(max_length=MOST_AXES)
    data: str

    @model_validator(mode="after")
    def _filled(self) -> ArrayPart:
        if self.count > MOST_NUMBERS or len(self.data) != 4 * math.ceil(self.count * self.type.size / 3):
            raise ValueError("the array does not have the bytes that its shape asks for")
        return self

    @property
    def count(self) -> int:
        """Number of its numbers."""
        return math.prod(self.shape)


class ArraysFragment(Part):
    """A model's arrays, in the order of their names; ``metadata`` is what its file said beside them."""

    type: Literal["arrays"] = "arrays"
    place: Place = ""
    arrays: tuple[ArrayPart, ...] = Field(min_length=1, max_length=MOST_ARRAYS)
    metadata: tuple[tuple[str, str], ...] = Field(default=(), max_length=100)

    @property
    def count(self) -> int:
        """How many numbers the arrays hold together."""
        return sum(array.count for array in self.arrays)


class BlobFragment(Part):
    """Something that does not leave; ``media`` says what it was, by a word of ours."""

    type: Literal["blob"] = "blob"
    place: Place = ""
    media: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9 /.+-]*$")]


class PayloadFragment(Part):
    """An encoded run that the reader decoded, by its code and its length; ``packed`` where no plain text came out.

    What came out are fragments of their own.
    """

    type: Literal["payload"] = "payload"
    place: Place = ""
    code: Annotated[str, Field(max_length=30, pattern=r"^[a-z0-9-]*$")]
    characters: Annotated[int, Field(ge=0)]
    packed: bool


class RefusalFragment(Part):
    """The reader refused the file, or what stands encoded in it; ``row`` is a table's row or a text's line."""

    type: Literal["refusal"] = "refusal"
    place: Place = ""
    reason: RefusalReason
    row: Annotated[int, Field(ge=1)] | None = None


Fragment = Annotated[
    TableFragment
    | TextFragment
    | ValueFragment
    | ImageFragment
    | ArraysFragment
    | BlobFragment
    | PayloadFragment
    | RefusalFragment,
    Field(discriminator="type"),
]


class FileFragments(Part):
    """One file as its reader saw it; ``decoded`` is what stands in it in another form: judged, but never written."""

    index: Annotated[int, Field(ge=1, le=9999)]
    path: Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]
    kind: Kind
    size: Annotated[int, Field(ge=0)]
    fragments: tuple[Fragment, ...] = Field(max_length=MOST_FRAGMENTS)
    decoded: tuple[Fragment, ...] = Field(default=(), max_length=MOST_FRAGMENTS)


def refused(index: int, path: str, size: int, reason: RefusalReason, row: int | None = None) -> FileFragments:
    """Return what stands for a file that was refused."""
    return FileFragments(
        index=index, path=path, kind=Kind.UNKNOWN, size=size, fragments=(RefusalFragment(reason=reason, row=row),)
    )


def is_source(fragment: Fragment) -> bool:
    """Whether a fragment is the source of a code cell, or data pasted into it."""
    slot = fragment.slot if isinstance(fragment, (TableFragment, TextFragment)) else None
    return slot is not None and slot.output is None and slot.cell_kind == "code"


def sources_of(file: FileFragments) -> tuple[tuple[int, str, str], ...]:
    """Return number, type and source of each cell of a notebook."""
    texts = (part for part in file.fragments if isinstance(part, TextFragment) and part.slot)
    return tuple((t.slot.cell, t.slot.cell_kind, t.text) for t in texts if t.slot and t.slot.output is None)
