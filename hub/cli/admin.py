"""``datalab admin``: install and operate a lab, and manage its people.

What concerns processes and files works on the lab's own machine, beside its ``lab.toml``; organisations and people go
through the API, with the administrator's token.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from hub.cli.client import Json, place
from hub.cli.options import LAB_TOML, AsJson, Config, Until, day_of, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.errors import NotFoundError, UnavailableError
from hub.domain.people import Role
from hub.services.health import SILENT, WORKER
from hub.services.ports import Store
from hub.settings import load_settings

app = typer.Typer(help="Install and operate a lab; manage its people.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A short name in lower case.", metavar="NAME")]
Title = Annotated[str, typer.Option(help="What people read.")]
FOLLOW_PAUSE = 0.5


def say(sentence: str) -> None:
    """Progress goes to standard error."""
    typer.echo(sentence, err=True)


@app.command(epilog=examples("datalab admin init", "datalab admin init --config /etc/datalab/lab.toml"))
def init(config: Config = LAB_TOML, as_json: AsJson = False) -> None:
    """Make the state folder, the secrets and the tables; what is there already stays as it is."""
    from hub.adapters.processes import prepare  # Late, so that other commands start at once.
    from hub.adapters.secrets import Secret
    from hub.wiring import lab_from

    settings = load_settings(config)
    prepare(settings)
    lab_from(settings)
    print_record({"state": str(settings.state), "public_key": str(settings.secret(Secret.PUBLIC))}, as_json=as_json)


@app.command(epilog=examples("datalab admin up", "datalab admin up --config /etc/datalab/lab.toml"))
def up(config: Config = LAB_TOML, as_json: AsJson = False) -> None:
    """Start the lab, or what of it does not run, and wait until all of it answers."""
    from hub.adapters.engine import DockerEngine
    from hub.adapters.processes import start

    config = config.absolute()
    settings = load_settings(config)
    start(settings, config, DockerEngine(settings.name), progress=say)
    print_record({"address": settings.public_url}, as_json=as_json)


@app.command(epilog=examples("datalab admin down"))
def down(config: Config = LAB_TOML) -> None:
    """Stop the lab: no process, container, mount or socket of it is left; nothing that it keeps is removed."""
    from hub.adapters.processes import stop
    from hub.host_wiring import storage_from

    settings = load_settings(config.absolute())
    stop(settings, clean=[storage_from(settings).unmount_all], progress=say)


@app.command(epilog=examples("datalab admin units /etc/systemd/system --config /etc/datalab/lab.toml"))
def units(
    folder: Annotated[Path, typer.Argument(help="Where the units go.", metavar="DIR", file_okay=False)],
    config: Config = LAB_TOML,
    as_json: AsJson = False,
) -> None:
    """Write a unit of systemd for each process, held as closely as it can be, and a target for all of them."""
    from hub.adapters.processes.units import units as units_of

    config = config.absolute()
    made = units_of(load_settings(config), config)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    rows: list[Json] = [{"unit": name} for name in sorted(made)]
    print_rows(rows, ("unit",), as_json=as_json)


@app.command(epilog=examples("datalab admin status", "datalab admin status --json"))
def status(config: Config = LAB_TOML, as_json: AsJson = False) -> None:
    """Show the processes, and how many seconds ago each wrote that it lives; the exit code is 1 when one does not run.

    A worker that has not written for two minutes is “silent”.
    """
    from hub.adapters.processes import status as status_of
    from hub.wiring import store_from

    settings = load_settings(config.absolute())
    found = status_of(settings)
    ages = _ages(store_from(settings)) if found else {}
    silent = {WORKER} if abs(ages.get(WORKER, 0)) > SILENT.total_seconds() else set()
    rows: list[Json] = [
        {"name": s.name, "state": "silent" if s.name in silent else s.state, "pid": s.pid, "alive": ages.get(s.name)}
        for s in found
    ]
    print_rows(rows, ("name", "state", "pid", "alive"), as_json=as_json, nothing="The lab is not started.")
    if not rows or any(row["state"] != "running" for row in rows):
        raise typer.Exit(1)


def _ages(store: Store) -> dict[str, int]:
    """How long ago each process wrote that it lives; none can be said where the database does not answer."""
    try:
        return {name: int((datetime.now(UTC) - at).total_seconds()) for name, at in store.beats().items()}
    except UnavailableError as error:
        say(str(error))
        return {}


@app.command(
    epilog=examples("datalab admin logs", "datalab admin logs hub --lines 200", "datalab admin logs gateway -f")
)
def logs(
    name: Annotated[str, typer.Argument(help="Which process; without, the end of each log.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", help="So many lines of the end.", min=1)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    config: Config = LAB_TOML,
) -> None:
    """Show the ends of the processes' logs."""
    from hub.adapters.processes import log_files

    files = log_files(load_settings(config.absolute()))
    chosen = {name: files[name]} if name in files else files
    if not chosen or (name and name not in files):
        raise NotFoundError("There is no such log; there are: {names}.", reason="log", names=", ".join(files) or "none")
    for title, path in chosen.items():
        if len(chosen) > 1:
            typer.echo(f"── {title} · {path}")
        _print_end(path, lines, follow=follow and len(chosen) == 1)


def _print_end(path: Path, lines: int, *, follow: bool) -> None:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in deque(stream, lines):
            typer.echo(line.rstrip("\n"))
        while follow:
            _print_new(stream)


def _print_new(stream: TextIO) -> None:
    for line in stream:
        typer.echo(line.rstrip("\n"))
    time.sleep(FOLLOW_PAUSE)


@app.command(
    "add-administrator",
    epilog=examples("datalab admin add-administrator administrator --organisation lab --title 'The lab'"),
)
def add_administrator(
    name: Name,
    organisation: Annotated[str, typer.Option(help="Short name of the organisation that runs the lab.")],
    title: Annotated[str, typer.Option(help="What people call that organisation.")],
    config: Config = LAB_TOML,
    as_json: AsJson = False,
) -> None:
    """Make the lab's first administrator, on the lab's own machine; later ones are made by an administrator."""
    from hub.services.people import make_first_administrator
    from hub.wiring import lab_from

    made = make_first_administrator(lab_from(load_settings(config.absolute())), name, organisation, title)
    print_record({"administrator": name, "made": made}, as_json=as_json)


@app.command(epilog=examples("datalab admin organisations"))
def organisations(context: typer.Context, as_json: AsJson = False) -> None:
    """List the partner organisations."""
    print_rows(portal(context).get("/organisations"), ("name", "title"), as_json=as_json)


@app.command(
    "add-organisation", epilog=examples("datalab admin add-organisation jobs-institute --title 'Jobs institute'")
)
def add_organisation(context: typer.Context, name: Name, title: Title, as_json: AsJson = False) -> None:
    """Add a partner, or change its title."""
    print_record(portal(context).put(place("organisations", name), {"title": title}), as_json=as_json)


@app.command(epilog=examples("datalab admin people --json"))
def people(context: typer.Context, as_json: AsJson = False) -> None:
    """List people with their roles."""
    print_rows(portal(context).get("/people"), ("name", "title", "organisation", "roles"), as_json=as_json)


@app.command(
    "add-person",
    epilog=examples(
        "datalab admin add-person jobs-steward --title 'Jobs steward' --organisation jobs-institute --role steward",
        "datalab admin add-person jobs-steward --title 'Jobs steward' --organisation jobs-institute --role steward "
        "--until 2026-12-31",
    ),
)
def add_person(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The login, as the OpenID provider gives it.", metavar="NAME")],
    title: Title,
    organisation: Annotated[str, typer.Option(help="Short name of the person's organisation.")],
    role: Annotated[list[Role] | None, typer.Option(help="What the person may do; give it again for more.")] = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Add a person, or change their title, organisation and roles, and the last day of these."""
    body = person_body(title, organisation, role or []) | {"roles_end": day_of(until)}
    print_record(portal(context).put(place("people", name), body), as_json=as_json)


def person_body(title: str, organisation: str, roles: list[Role]) -> Json:
    """What the API takes for a person."""
    return {"title": title, "organisation": organisation, "roles": [str(r) for r in roles]}
