"""``datalab login``: keep the lab's address and a token for the other commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hub.cli.client import Portal
from hub.cli.login_file import SCOPE, Login, checked_token, checked_url, login_path, write_login
from hub.cli.options import AsJson, examples
from hub.cli.screen import print_record


def login(
    url: Annotated[str, typer.Option(help="The lab's address.", prompt="Address of the lab", envvar="DATALAB_URL")],
    as_json: AsJson = False,
) -> None:
    """Keep the lab's address and your token in a file that only you can read.

    The token is made on the lab's own page, where you log in as always, and can be ended there at any time. The
    command asks for it, or reads it from its standard input. DATALAB_URL and DATALAB_TOKEN win over the file.
    """
    url = checked_url(url)
    token = checked_token(_ask_for_token(url) if sys.stdin.isatty() else sys.stdin.readline())
    person = Portal(url, token).get("/me")
    write_login(Login(url, token), login_path())
    print_record(person | {"url": url}, as_json=as_json)


def _ask_for_token(url: str) -> str:
    typer.echo(
        f"Open {url}/hub/token, write {SCOPE} into “Permissions”, press “Request new API token”, "
        "and copy the word that appears.",
        err=True,
    )
    return str(typer.prompt("Token", hide_input=True, err=True))


EXAMPLES = examples("datalab login --url https://lab.example.org", "datalab login --url http://127.0.0.1:8000 < token")
