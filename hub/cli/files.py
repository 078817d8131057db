"""Writing what the lab sends into a folder of the person's own."""

from __future__ import annotations

from pathlib import Path

from hub.domain.errors import InvalidError


def write_new(folder: Path, name: str, content: bytes) -> Path:
    """Write a file below the folder; a name that would lead out of it is refused, and nothing is overwritten.

    A file that is there already with the same bytes stays as it is.
    """
    parts = name.split("/")
    if not name.isprintable() or any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise InvalidError("A file's name would lead out of the folder; nothing was written.", reason="file-name")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        if path.read_bytes() != content:
            raise InvalidError(
                "{path} is there already with other bytes; choose another folder.", reason="file-exists", path=path
            ) from None
    return path
