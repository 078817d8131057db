"""``datalab``: the lab's command-line tool.

Invariants:

* an error is one sentence on standard error and an exit code that is not zero, never a traceback;
* remote commands use the API with the person's own token, and can do no more than the person can.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hub.cli import (
    admin,
    audit,
    dataset,
    demo,
    doctor,
    export,
    gate,
    login,
    notebook,
    notices,
    policy,
    project,
    receipt,
    register,
    release,
    report,
    run,
    schedule,
    sweep,
)
from hub.cli.screen import print_error
from hub.domain.errors import LabError

FAILED, INTERRUPTED = 1, 130
DEBUG = "DATALAB_DEBUG"


class LabCommands(TyperGroup):
    """The commands, with the lab's errors said plainly."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; what nobody foresaw is a sentence, too."""
        sys.excepthook = say_fault
        return super().main(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and turn the errors that the lab knows into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except LabError as error:
            print_error(str(error))
        except BrokenPipeError:
            # Whoever read the output has seen enough, as with “head”.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            print_error(f"{where}{error.strerror or type(error).__name__}.")
        raise typer.Exit(FAILED)


def say_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Say that the tool itself is at fault, and where; never with values, which may be data."""
    if os.environ.get(DEBUG) == "1":
        return sys.__excepthook__(kind, fault, trace)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    sentence = f"datalab: a fault of this tool itself ({kind.__name__} at {place}); please report it."
    return print(sentence, f"{DEBUG}=1 shows more.", file=sys.stderr)


app = typer.Typer(
    name="datalab",
    cls=LabCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    help="A secure experimentation lab on JupyterHub: sensitive data in, nothing out unchecked.\n\n"
    "Log in once with “datalab login”; every command has --help with examples.",
)
GROUPS = (
    project, dataset, notebook, run, sweep, schedule, export, gate, policy, release, receipt, report, register, audit,
)  # fmt: skip
for module in GROUPS:
    app.add_typer(module.app, name=module.__name__.rpartition(".")[2])
app.add_typer(admin.app, name="admin")
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=demo.EXAMPLES)(demo.demo)
app.command(epilog=login.EXAMPLES)(login.login)
app.command(epilog=notices.EXAMPLES)(notices.notices)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # Late: it looks through all installed packages.

        typer.echo(f"datalab {version('datalab')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options of the tool itself."""
