"""Previews: a canonical file as a page shows it, bounded, as text alone.

The gate wrote these bytes itself; they are treated as foreign all the same. Only a table, text, JSON, a notebook, a
model's list of arrays and a picture have a preview, and a picture is not looked at here: the browser gets it in a
sandbox.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

from hub.domain.errors import InvalidError
from hub.gate.kinds import RELEASED_AS, Kind
from hub.web.marks import N_

MOST_BYTES = 2**20
MOST_ROWS = 200
MOST_COLUMNS = 100
LONGEST_CELL = 200
LONGEST_TEXT = 20_000
MOST_CELLS = 200
_RELEASED_AS: dict[str, str] = {str(kind): str(released) for kind, released in RELEASED_AS.items()}
ARRAYS = "arrays"
_ARRAYS = (N_("array"), N_("type"), N_("shape"))
PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The first rows of a table; ``more`` says that there are others. Titles of a model's arrays are words of ours."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class TextPreview:
    """The beginning of a text."""

    text: str
    more: bool
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class NotebookPreview:
    """A notebook's cells: type, source and the text of the outputs."""

    cells: tuple[tuple[str, str, str], ...]
    more: bool
    kind: str = "notebook"


@dataclass(frozen=True, slots=True)
class NoPreview:
    """Nothing that a page can show; ``kind`` is ``picture`` where the browser shows it itself."""

    kind: str = "none"


Preview = TablePreview | TextPreview | NotebookPreview | NoPreview


def preview_of(kind: str, content: bytes) -> Preview:
    """Return what a page shows of a file that was offered as this kind; of a large one, its beginning."""
    if is_picture(kind):
        return NoPreview("picture")
    kind = _RELEASED_AS.get(kind, kind)
    if kind == "csv":
        return _table(content)
    if kind == "notebook":
        return _notebook(content)
    if kind == "safetensors":
        return _arrays(content)
    return _text(content) if kind in ("text", "json") else NoPreview()


def is_picture(kind: str) -> bool:
    """Whether what leaves of this kind is a picture."""
    return _RELEASED_AS.get(kind, kind) == Kind.PNG


def checked_picture(content: bytes) -> bytes:
    """A picture starts as a PNG does; anything else is not handed to a browser as one."""
    if not content.startswith(PNG_START):
        raise InvalidError("The file is no PNG picture; take its bytes instead.", reason="not-a-picture")
    return content


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG picture in pixels, from its first chunk, where that is one."""
    if not content.startswith(PNG_START) or content[12:16] != b"IHDR" or len(content) < 24:
        return None
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _beginning(content: bytes) -> tuple[str, bool]:
    """Decode a file's beginning; half a character at the cut is left out."""
    return content[:MOST_BYTES].decode("utf-8", errors="ignore" if len(content) > MOST_BYTES else "replace"), len(
        content
    ) > MOST_BYTES


def _table(content: bytes) -> Preview:
    text, cut = _beginning(content)
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            rows.append(tuple(cell[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]))
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error:
        if not (cut and rows):
            return _text(content)
    if not rows:
        return NoPreview()
    return TablePreview(rows[0], tuple(rows[1 : MOST_ROWS + 1]), cut or len(rows) > MOST_ROWS + 1)


def _arrays(content: bytes) -> Preview:
    """A model's arrays by name, type and shape; the numbers are in the file itself."""
    length = int.from_bytes(content[:8], "little")
    if length > MOST_BYTES:
        return NoPreview()
    try:
        header = json.loads(content[8 : 8 + length])
        rows = [
            (name[:LONGEST_CELL], str(said["dtype"])[:20], str(said["shape"])[:60]) for name, said in header.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NoPreview()
    return TablePreview(_ARRAYS, tuple(rows[:MOST_ROWS]), len(rows) > MOST_ROWS, ARRAYS)


def _text(content: bytes) -> Preview:
    text, cut = _beginning(content)
    return TextPreview(text[:LONGEST_TEXT], cut or len(text) > LONGEST_TEXT)


def _notebook(content: bytes) -> Preview:
    if len(content) > MOST_BYTES * 8:
        return NoPreview()
    try:
        cells = json.loads(content)["cells"]
        shown = tuple((str(c["cell_type"])[:20], _joined(c["source"]), _outputs(c)) for c in cells[:MOST_CELLS])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _text(content)
    return NotebookPreview(shown, len(cells) > MOST_CELLS)


def _joined(source: object) -> str:
    """A source is a text or a list of lines."""
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text[:LONGEST_TEXT]


def _outputs(cell: dict[str, object]) -> str:
    """The text of a cell's outputs; a picture in it is named, and seen in the file itself."""
    parts = []
    outputs = cell.get("outputs", [])
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data", {})
        parts.append(_joined(output.get("text", data.get("text/plain", ""))))
        parts += [f"[{media}]" for media in data if media not in ("text/plain",)]
    return "\n".join(p for p in parts if p)[:LONGEST_TEXT]
