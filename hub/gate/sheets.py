"""Sheets as files: ``out.xlsx!Ages`` is the sheet “Ages” of the workbook ``out.xlsx``, a table of its own.

A workbook of several sheets is judged, reviewed and released as that many tables, each by its own path.
"""

from __future__ import annotations

import re

from hub.gate.fragments import LONGEST_PATH, FileFragments, Fragment, TableFragment, refused
from hub.gate.kinds import Kind
from hub.gate.refusals import RefusalReason

_SHEET = re.compile(r"(?P<file>.*[^/]\.xlsx)!(?P<sheet>[^/!]{1,31})", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"\w(?:[\w ()&+,.%='–-]{0,29}[\w)%])?")


def split_path(path: str) -> tuple[str, str | None]:
    """Return the file's path, and the sheet that the path names, where it names one."""
    match = _SHEET.fullmatch(path)
    return (match["file"], match["sheet"]) if match else (path, None)


def sheet_path(path: str, sheet: str) -> str:
    """Return the path of a workbook's sheet."""
    return f"{path}!{sheet}"


def is_sheet_name(name: str) -> bool:
    """Whether a sheet's name can be part of a file's name anywhere: letters, digits, spaces and a few marks."""
    return _NAME.fullmatch(name) is not None


def sheets_of(file: FileFragments) -> tuple[FileFragments, ...]:
    """Return a workbook of several sheets as a file for each of them, and any other file as it is."""
    tables = [part for part in file.fragments if isinstance(part, TableFragment)]
    if file.kind is not Kind.XLSX or len(tables) < 2 or len(tables) != len(file.fragments):
        return (file,)
    paths = [sheet_path(file.path, table.place.removeprefix("!")) for table in tables]
    if max(map(len, paths)) > LONGEST_PATH or len({path.casefold() for path in paths}) != len(paths):
        return (refused(file.index, file.path, file.size, RefusalReason.SHEET_NAME),)
    return tuple(
        file.model_copy(
            update={
                "path": path,
                "fragments": (table.model_copy(update={"place": ""}),),
                "decoded": _decoded_of(table, tables, file),
            }
        )
        for path, table in zip(paths, tables, strict=True)
    )


def _decoded_of(table: TableFragment, tables: list[TableFragment], file: FileFragments) -> tuple[Fragment, ...]:
    """What stood encoded in one sheet, with its place there, and what did in none, such as the file's name."""
    places = tuple(other.place for other in tables)
    own = (p for p in file.decoded if p.place.startswith(table.place))
    others = (p for p in file.decoded if not p.place.startswith(places))
    return (*(p.model_copy(update={"place": p.place.removeprefix(table.place)}) for p in own), *others)
