"""A stamp in a folder says from which inputs it was made; while it is being changed there is none."""

from __future__ import annotations

from pathlib import Path

NAME = ".datalab-made-from"


def read(folder: Path) -> str:
    """What the folder was made from; empty when it was never finished."""
    try:
        return (folder / NAME).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def remove(folder: Path) -> None:
    """Says that the folder is being changed."""
    (folder / NAME).unlink(missing_ok=True)


def write(folder: Path, inputs: str) -> None:
    """Says that the folder is whole."""
    (folder / NAME).write_text(f"{inputs}\n")
