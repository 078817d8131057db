"""``datalab doctor``: whether this machine and this lab keep what is promised, tried here and now."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from hub.cli.options import LAB_TOML, AsJson, Config, examples
from hub.cli.screen import console, print_error
from hub.domain.errors import LabError
from hub.domain.examinations import Examination, Promise
from hub.settings import Settings, load_settings

EXAMPLES = examples("datalab doctor", "datalab doctor --promise P1 --promise P7", "datalab doctor --language fr --json")
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
COULD_NOT_LOOK = 3

Wanted = Annotated[
    list[Promise] | None,
    typer.Option("--promise", "-p", help="Only this one, P1 to P9 or machine.", metavar="PROMISE"),
]
Spoken = Annotated[
    str, typer.Option("--language", help="en or fr; without, the terminal's language.", metavar="LANGUAGE")
]
Notes = Annotated[bool, typer.Option("--notes/--no-notes", help="Show settings of the machine that are no verdict.")]


def doctor(
    config: Config = LAB_TOML,
    promise: Wanted = None,
    notes: Notes = True,
    language: Spoken = "",
    as_json: AsJson = False,
) -> None:
    """Try every promise on this machine, now: attack throw-away containers from inside, and read the settings.

    The exit code is 1 when a promise does not hold, and 3 when one could not be looked at. A whole examination is
    kept: stewards and auditors see the last one in the portal, and its digest stands in the audit log.
    """
    from hub.doctor import report  # Late: the engine's library takes a while to load.
    from hub.doctor.examine import EVERYTHING, Doctor
    from hub.web.languages import choose_code
    from hub.web.languages import language as language_of

    spoken = language_of(choose_code("", (language or _terminals()).replace("_", "-").partition(".")[0]))
    try:
        settings = load_settings(config.absolute())
    except LabError as error:
        print_error(str(error))
        raise typer.Exit(COULD_NOT_LOOK) from None
    wanted = frozenset(promise or EVERYTHING)
    examination = Doctor(settings, wanted, lambda step: typer.echo(f"… {step}", err=True)).examine()
    if wanted == EVERYTHING:
        examination = _kept(settings, examination)
    if as_json:
        typer.echo(report.as_text(examination))
    else:
        out = console()
        for one in (one for one in Promise if one in wanted):
            out.print(report.title(examination, one, spoken))
            out.print(report.rows(examination, one, spoken, notes=notes))
        out.print(report.facts(examination))
        out.print(report.summary(examination, wanted, spoken), style="bold")
    raise typer.Exit(report.exit_code(examination, wanted))


def _terminals() -> str:
    """Return the terminal's language as the environment names it."""
    return next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")


def _kept(settings: Settings, examination: Examination) -> Examination:
    """Keep a whole examination in the lab's records, where there are any that this account may write."""
    from hub.doctor.examine import lab_of
    from hub.services.examinations import keep_examination

    try:
        return keep_examination(lab_of(settings), examination)
    except LabError as error:
        print_error(f"The result is not kept. {error}")
        return examination
