"""One file in, its fragments out; whatever goes wrong with a file is a refusal of that file."""

from __future__ import annotations

from hub.gate.fragments import FileFragments, Fragment, TableFragment, refused
from hub.gate.kinds import Kind, decide_kind
from hub.gate.readers.decoding import decoded
from hub.gate.readers.documents import read_json
from hub.gate.readers.jpeg import read_jpeg
from hub.gate.readers.notebook import read_notebook
from hub.gate.readers.parquet import read_parquet
from hub.gate.readers.png import read_png
from hub.gate.readers.safetensors import read_safetensors
from hub.gate.readers.tables import MOST_TEXT, read_csv
from hub.gate.readers.text import read_text
from hub.gate.readers.xlsx import read_xlsx
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.sheets import split_path

LARGEST = 64 * 2**20


def read_file(index: int, path: str, content: bytes) -> FileFragments:
    """Turn a file into fragments by the reader of its kind; a refusal is a fragment, too."""
    if len(content) > LARGEST:
        return refused(index, path, len(content), RefusalReason.TOO_LARGE)
    name, sheet = split_path(path)
    try:
        kind = decide_kind(name, content)
        fragments = _read(kind, content, sheet)
        _check_text(fragments)
        _check_rows(fragments)
        inner = decoded(path, fragments)
    except ReadRefusedError as refusal:
        return refused(index, path, len(content), refusal.reason, refusal.row)
    except (RecursionError, MemoryError):
        return refused(index, path, len(content), RefusalReason.CRASHED)
    return FileFragments(index=index, path=path, kind=kind, size=len(content), fragments=fragments, decoded=inner)


def _check_text(fragments: tuple[Fragment, ...]) -> None:
    """What was read is no longer than what a file of the largest size can say plainly."""
    tables = (fragment for fragment in fragments if isinstance(fragment, TableFragment))
    if sum(len(cell) for table in tables for column in table.data for cell in column) > MOST_TEXT:
        raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)


def _check_rows(fragments: tuple[Fragment, ...]) -> None:
    """A table that is a file, or a sheet, has a row at least; in a notebook an empty one may stand for nothing."""
    tables = (fragment for fragment in fragments if isinstance(fragment, TableFragment) and fragment.slot is None)
    if any(table.height == 0 for table in tables):
        raise ReadRefusedError(RefusalReason.NO_ROWS)


def _read(kind: Kind, content: bytes, sheet: str | None) -> tuple[Fragment, ...]:
    match kind:
        case Kind.CSV:
            return read_csv(content)
        case Kind.PARQUET:
            return read_parquet(content)
        case Kind.JSON:
            return read_json(content)
        case Kind.TEXT:
            return read_text(content)
        case Kind.PNG:
            return read_png(content)
        case Kind.JPEG:
            return read_jpeg(content)
        case Kind.XLSX:
            return read_xlsx(content, sheet)
        case Kind.NOTEBOOK:
            return read_notebook(content)
        case Kind.SAFETENSORS:
            return read_safetensors(content)
        case _:
            raise ReadRefusedError(RefusalReason.UNKNOWN_KIND)
