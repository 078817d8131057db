"""Options and arguments that several commands share, so that they are called and explained the same everywhere."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.client import Portal
from hub.cli.login_file import read_login
from hub.domain.errors import InvalidError
from hub.domain.priorities import Priority

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table for people.")]
ProjectFilter = Annotated[str, typer.Option("--project", "-p", help="Only of this project.", metavar="PROJECT")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; the people concerned read it.", metavar="SENTENCE")]
Until = Annotated[
    datetime | None,
    typer.Option("--until", help="Last day; without it, no end.", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD"),
]
DatasetName = Annotated[str, typer.Argument(help="The dataset's name.", metavar="DATASET")]
DataFiles = Annotated[
    list[Path], typer.Argument(help="CSV or Parquet files.", metavar="FILE…", exists=True, dir_okay=False)
]
PriorityOption = Annotated[
    Priority, typer.Option("--priority", help="Before or behind your project's other runs; “high” is its lead's.")
]
NewPriority = Annotated[Priority, typer.Argument(help="Its new priority; “high” is the lead's.", metavar="PRIORITY")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait for the end, with progress.")]
Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="DATALAB_CONFIG", help="The lab's settings.", metavar="FILE")
]
LAB_TOML = Path("lab.toml")


def portal(context: typer.Context) -> Portal:
    """The connection of the person who calls; a test puts its own into the context."""
    if context.obj is None:
        login = read_login()
        context.obj = Portal(login.url, login.token)
    given: Portal = context.obj
    return given


def toml_in(file: Path, reason: str) -> dict[str, Any]:
    """Read a TOML file; one that is none is refused for this reason."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InvalidError("The file is no TOML that can be read.", reason=reason) from None


def day_of(moment: datetime | None) -> str | None:
    """A day as the API takes it; none where none was typed."""
    return moment.date().isoformat() if moment else None


def examples(*lines: str) -> str:
    """The end of a command's help page."""
    return "Examples:\n\n" + "\n\n".join(f"    {line}" for line in lines)
