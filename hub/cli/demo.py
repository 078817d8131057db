"""``datalab demo``: the demonstration, in the place of this process."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from hub.cli.options import LAB_TOML, AsJson, Config, examples

EXAMPLES = examples("datalab demo", "datalab demo --json")


def demo(
    config: Config = LAB_TOML,
    as_json: AsJson = False,
    keep: Annotated[bool, typer.Option("--keep/--stop", help="Leave the lab running, or stop it at the end.")] = True,
) -> None:
    """Start a demonstration lab with real data, and walk one story through it, from a login to a signed release.

    Run again, it takes seconds, changes nothing, and shows the same table. A lab that is not for demonstration
    is refused.
    """
    words = ["--config", str(config.absolute()), *(["--json"] if as_json else []), *([] if keep else ["--stop"])]
    sys.stdout.flush()
    # The story uses this tool as a person would; it stands above it, and so is a program of its own.
    os.execv(sys.executable, [sys.executable, "-m", "hub.demo", *words])  # noqa: S606  # our own words, no shell
