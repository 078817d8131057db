"""``datalab gate``: the gate's own engine on local files, without a lab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click.exceptions import UsageError  # Typer's own; it has no public name
from typer.core import TyperCommand

from hub.cli.client import place
from hub.cli.dataset import find
from hub.cli.options import examples, portal
from hub.cli.screen import plain, print_error
from hub.domain.errors import LabError
from hub.gate.report_form import Audience
from hub.policy.explain import ExplainedPolicy

if TYPE_CHECKING:
    from hub.adapters.local_policy import Description
    from hub.gate.report import Report

app = typer.Typer(help="The gate's engine on local files, without a lab.", no_args_is_help=True)
NOT_CARRIED_OUT = 3


class GateCommand(TyperCommand):
    """A command whose exit codes are verdicts: typed wrongly, it was not carried out, and nothing is blocked."""

    def make_context(self, *words: Any, **options: Any) -> Any:
        """Read the words of the command line."""
        try:
            return super().make_context(*words, **options)
        except UsageError as fault:
            fault.exit_code = NOT_CARRIED_OUT  # of this fault, not of all
            raise


class Format(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    ACRO = "acro"


@app.callback()
def group() -> None:
    """The gate's engine on local files, without a lab."""


@app.command(
    cls=GateCommand,
    epilog=examples(
        "datalab gate check outputs/",
        "datalab gate check table.csv --dataset wages.toml --policy fr-fiscal-personnes --canonical checked/",
        "datalab gate check table.csv --dataset wages.toml --fix --canonical checked/",
        "datalab gate check table.csv --dataset wages.toml --earlier released/",
        "datalab gate check table.csv --dataset wages@3f9a21c07b --data snapshots/",
        "datalab gate check notebook.ipynb --dataset wages.toml --format sarif",
    ),
)
def check(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH…")],
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            "-d",
            help="A dataset that the files draw on: a description (TOML), or a snapshot of one that the lab knows.",
            metavar="FILE|NAME[@DIGEST]",
        ),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that holds the files of a snapshot, found by their SHA-256.", file_okay=False),
    ] = None,
    policy: Annotated[str, typer.Option(help="A profile's name, or a file that ends in .toml.")] = "",
    manifest: Annotated[
        Path | None,
        typer.Option(help="Write what was taken in to this file; if it is there, compare.", dir_okay=False),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(help="A folder of tables that left before; they are compared with.", file_okay=False),
    ] = None,
    canonical: Annotated[
        Path | None, typer.Option(help="Write canonical files and report.json below this folder.", file_okay=False)
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Carry out what findings propose, and check again.")] = False,
    audience: Annotated[
        Audience, typer.Option("--for", help="Whose eyes it is for; a researcher's report has no details.")
    ] = Audience.STEWARD,
    form: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TEXT,
) -> None:
    """Check files as the lab's gate would.

    A registered dataset is named with the first digits of its snapshot's digest. The lab tells what its owner declared
    and which policy is in force; the files have to be at hand, since the lab gives their bytes to nobody.

    Exit codes: 0 when nothing is found or only put right, 1 when a steward must look, 2 when something is blocked,
    3 when the command could not be carried out, or was typed wrongly.
    """
    from hub.adapters.local_gate import Asked, check_paths  # Late: it loads what reads tables.

    try:
        local = tuple(Path(name) for name in dataset or () if name.endswith(".toml"))
        registered = _registered(context, [name for name in dataset or () if not name.endswith(".toml")], data or [])
        asked = Asked(local, policy, canonical, manifest, earlier, fix, audience, registered)
        report = check_paths(paths, asked)
    except LabError as error:
        print_error(str(error))
        raise typer.Exit(NOT_CARRIED_OUT) from None
    except OSError as error:
        print_error(f"{error.filename}: {error.strerror}.")
        raise typer.Exit(NOT_CARRIED_OUT) from None
    typer.echo(_PRINTED[form](report))
    raise typer.Exit(report.exit_code)


def _registered(context: typer.Context, names: list[str], folders: list[Path]) -> tuple[Description, ...]:
    """Snapshots of registered datasets, as the lab of the person's login tells of them."""
    if not names:
        return ()
    from pydantic import TypeAdapter

    from hub.adapters.snapshot_at_hand import description_of, named, snapshot_of

    asked, described = [named(name) for name in names], []
    lab = portal(context)
    for name, digest in asked:
        entry = find(lab, name)
        snapshot = snapshot_of(entry, digest)
        found = lab.get(place("datasets", name, "policy"))
        policy = TypeAdapter(ExplainedPolicy).validate_python(found["policy"])
        described.append(description_of(entry, snapshot, policy, folders))
    return tuple(described)


_PRINTED: dict[Format, Callable[[Report], str]] = {
    Format.TEXT: lambda report: "\n".join(plain(line) for line in report.to_text().splitlines()),
    Format.JSON: lambda report: report.to_json(),
    Format.SARIF: lambda report: report.to_sarif(),
    Format.ACRO: lambda report: report.to_acro(datetime.now(UTC).isoformat()),
}
