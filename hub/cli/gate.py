"""``datalab gate``: the gate's own engine on local files, without a lab."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.options import examples
from hub.cli.screen import plain, print_error
from hub.domain.errors import LabError

app = typer.Typer(help="The gate's engine on local files, without a lab.", no_args_is_help=True)
NOT_CARRIED_OUT = 3


class Format(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def group() -> None:
    """The gate's engine on local files, without a lab."""


@app.command(
    epilog=examples(
        "datalab gate check outputs/",
        "datalab gate check table.csv --dataset wages.toml --policy fr-fiscal-personnes --canonical checked/",
        "datalab gate check notebook.ipynb --dataset wages.toml --format json",
    )
)
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH…")],
    dataset: Annotated[
        list[Path] | None,
        typer.Option("--dataset", "-d", help="Description of a dataset (TOML) that the files draw on.", metavar="FILE"),
    ] = None,
    policy: Annotated[str, typer.Option(help="A profile's name, or a file that ends in .toml.")] = "",
    canonical: Annotated[
        Path | None, typer.Option(help="Write the canonical files below this folder.", file_okay=False)
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TEXT,
) -> None:
    """Check files as the lab's gate would.

    Exit codes: 0 when nothing is found or only put right, 1 when a steward must look, 2 when something is blocked,
    3 when the command could not be carried out.
    """
    from hub.adapters.local_gate import check_paths  # Late: it loads what reads tables.

    try:
        report = check_paths(paths, dataset or (), policy, canonical)
    except LabError as error:
        print_error(str(error))
        raise typer.Exit(NOT_CARRIED_OUT) from None
    if form is Format.JSON:
        typer.echo(report.to_json())
    else:
        typer.echo("\n".join(plain(line) for line in report.to_text().splitlines()))
    raise typer.Exit(report.exit_code)
