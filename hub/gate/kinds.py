"""Kinds of files: decided by the content, and held against the name.

Invariants:

* a file is of one kind or it is refused;
* the ending of a name never makes a file acceptable, it only has to agree with the content.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

from hub.gate.refusals import ReadRefusedError, RefusalReason


class Kind(StrEnum):
    """What the gate reads."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    TEXT = "text"
    PNG = "png"
    JPEG = "jpeg"
    XLSX = "xlsx"
    NOTEBOOK = "notebook"
    SAFETENSORS = "safetensors"
    UNKNOWN = "unknown"


ENDINGS: dict[str, Kind] = {
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".parquet": Kind.PARQUET,
    ".json": Kind.JSON,
    ".txt": Kind.TEXT,
    ".md": Kind.TEXT,
    ".log": Kind.TEXT,
    ".png": Kind.PNG,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
    ".xlsx": Kind.XLSX,
    ".ipynb": Kind.NOTEBOOK,
    ".safetensors": Kind.SAFETENSORS,
}

RELEASED_AS = {Kind.PARQUET: Kind.CSV, Kind.XLSX: Kind.CSV, Kind.JPEG: Kind.PNG}
"""Kinds that leave as another one; every other kind leaves as itself."""

MEDIA_TYPES: dict[str, str] = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".log": "text/plain",
    ".png": "image/png",
    ".ipynb": "application/x-ipynb+json",
    ".safetensors": "application/octet-stream",
}
"""What leaves, by the ending that it leaves with; the same on every machine, whatever else that one knows."""

_BINARY_KINDS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"PAR1", Kind.PARQUET),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"PK\x03\x04", Kind.XLSX),
)

_REFUSED_STARTS: tuple[tuple[bytes, RefusalReason], ...] = (
    (b"%PDF", RefusalReason.PDF),
    (b"%!PS", RefusalReason.PDF),
    (b"PK\x03\x04", RefusalReason.ARCHIVE),
    (b"PK\x05\x06", RefusalReason.ARCHIVE),
    (b"\x1f\x8b", RefusalReason.ARCHIVE),
    (b"BZh", RefusalReason.ARCHIVE),
    (b"\xfd7zXZ", RefusalReason.ARCHIVE),
    (b"7z\xbc\xaf", RefusalReason.ARCHIVE),
    (b"Rar!", RefusalReason.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", RefusalReason.ARCHIVE),
    (b"\x04\x22\x4d\x18", RefusalReason.ARCHIVE),
    (b"\x1f\x9d", RefusalReason.ARCHIVE),
    (b"LZIP", RefusalReason.ARCHIVE),
    (b"MSCF", RefusalReason.ARCHIVE),
    (b"!<arch>", RefusalReason.ARCHIVE),
    (b"\x7fELF", RefusalReason.PROGRAM),
    (b"MZ", RefusalReason.PROGRAM),
    (b"\xca\xfe\xba\xbe", RefusalReason.PROGRAM),
    (b"#!", RefusalReason.PROGRAM),
    (b"\xd0\xcf\x11\xe0", RefusalReason.SPREADSHEET),
    (b"GIF8", RefusalReason.PICTURE),
    (b"BM", RefusalReason.PICTURE),
    (b"II*\x00", RefusalReason.PICTURE),
    (b"MM\x00*", RefusalReason.PICTURE),
    (b"RIFF", RefusalReason.PICTURE),
    (b"\x93NUMPY", RefusalReason.BINARY),
    (b"\x89HDF", RefusalReason.BINARY),
    (b"SQLite format 3", RefusalReason.BINARY),
)
"""Starts of binary kinds; the short ones that are also plain words are looked at only where the bytes are no text."""

_REFUSED_ENDINGS: dict[str, RefusalReason] = {
    ".html": RefusalReason.HTML,
    ".htm": RefusalReason.HTML,
    ".svg": RefusalReason.SVG,
    ".pdf": RefusalReason.PDF,
    ".pkl": RefusalReason.PICKLE,
    ".pickle": RefusalReason.PICKLE,
    ".joblib": RefusalReason.PICKLE,
    ".pt": RefusalReason.PICKLE,
    ".pth": RefusalReason.PICKLE,
    ".xls": RefusalReason.SPREADSHEET,
    ".xlsm": RefusalReason.SPREADSHEET,
    ".xlsb": RefusalReason.SPREADSHEET,
    ".ods": RefusalReason.SPREADSHEET,
    ".zip": RefusalReason.ARCHIVE,
    ".gz": RefusalReason.ARCHIVE,
    ".tar": RefusalReason.ARCHIVE,
    ".tgz": RefusalReason.ARCHIVE,
    ".bz2": RefusalReason.ARCHIVE,
    ".xz": RefusalReason.ARCHIVE,
    ".zst": RefusalReason.ARCHIVE,
    ".lz4": RefusalReason.ARCHIVE,
    ".7z": RefusalReason.ARCHIVE,
    ".rar": RefusalReason.ARCHIVE,
    ".whl": RefusalReason.ARCHIVE,
    ".jar": RefusalReason.ARCHIVE,
    ".npz": RefusalReason.ARCHIVE,
    ".py": RefusalReason.PROGRAM,
    ".sh": RefusalReason.PROGRAM,
    ".exe": RefusalReason.PROGRAM,
    ".gif": RefusalReason.PICTURE,
}

_MARKUP: tuple[tuple[str, RefusalReason], ...] = (
    ("<svg", RefusalReason.SVG),
    ("<!doctype html", RefusalReason.HTML),
    ("<html", RefusalReason.HTML),
    ("<script", RefusalReason.HTML),
    ("<body", RefusalReason.HTML),
)


def media_type(name: str) -> str:
    """Return the media type of a canonical file by its name."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def decide_kind(name: str, content: bytes) -> Kind:
    """Return the kind that content and name agree on, or refuse with what to send instead."""
    if not content:
        raise ReadRefusedError(RefusalReason.EMPTY)
    ending = PurePosixPath(name).suffix.lower()
    named = ENDINGS.get(ending)
    binary = next((kind for start, kind in _BINARY_KINDS if content.startswith(start)), None)
    if binary is not None and named is binary:
        return binary
    if binary is Kind.XLSX and _REFUSED_ENDINGS.get(ending) is RefusalReason.SPREADSHEET:
        raise ReadRefusedError(RefusalReason.SPREADSHEET)
    if named is Kind.SAFETENSORS and _is_safetensors(content):
        # It starts with a length, which may look like the start of anything.
        return named
    refuse_foreign(content)
    if named is None:
        raise ReadRefusedError(
            _REFUSED_ENDINGS.get(ending, RefusalReason.UNKNOWN_KIND if ending else RefusalReason.NO_NAME_ENDING)
        )
    if binary is not None or named in {Kind.SAFETENSORS, *(kind for _, kind in _BINARY_KINDS)}:
        raise ReadRefusedError(RefusalReason.KIND_MISMATCH)
    return named


def refuse_foreign(content: bytes) -> None:
    """Refuse what is known and not accepted: pages, documents, pickles, archives, programs, other pictures."""
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise ReadRefusedError(RefusalReason.PICKLE)
    if content[257:262] == b"ustar":
        raise ReadRefusedError(RefusalReason.ARCHIVE)
    is_text = b"\x00" not in content and _is_utf8(content)
    for start, reason in _REFUSED_STARTS:
        if content.startswith(start) and not (
            is_text and start in (b"MZ", b"BM", b"BZh", b"RIFF", b"II*\x00", b"LZIP", b"MSCF")
        ):
            raise ReadRefusedError(reason)
    head = content[:4096].decode("utf-8", errors="replace").lower() if is_text else ""
    for mark, reason in _MARKUP:
        if mark in head.lstrip("\ufeff \t\r\n")[:1024] and head.lstrip("\ufeff \t\r\n").startswith("<"):
            raise ReadRefusedError(reason)


def _is_safetensors(content: bytes) -> bool:
    """A length of eight bytes, and a JSON object that is not longer than what is left."""
    return content[8:9] == b"{" and int.from_bytes(content[:8], "little") <= len(content) - 8


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
