"""``datalab doctor``: whether this machine and this lab keep what is promised, tried here and now."""

from __future__ import annotations

import typer

from hub.cli.options import LAB_TOML, AsJson, Config, examples
from hub.cli.screen import print_rows

EXAMPLES = examples("datalab doctor", "datalab doctor --json")


def doctor(config: Config = LAB_TOML, as_json: AsJson = False) -> None:
    """Look at settings, engine, image, disk and ports, and at a throw-away container of each kind from inside.

    The exit code is 1 when anything is missing or a promise does not hold.
    """
    from hub.cli.doctor_checks import examine  # Late: the engine's library takes a while to load.

    found = [{"what": f.what, "verdict": "ok" if f.holds else "missing", "seen": f.seen} for f in examine(config)]
    print_rows(found, ("what", "verdict", "seen"), as_json=as_json)
    if any(row["verdict"] != "ok" for row in found):
        raise typer.Exit(1)
