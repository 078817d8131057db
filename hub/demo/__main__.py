"""``python -m hub.demo``, which is what ``datalab demo`` becomes: runs the story and says what was seen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from hub.adapters.processes import stop
from hub.adapters.secrets import Secret
from hub.cli.main import say_fault
from hub.cli.screen import console, plain, print_error, print_json
from hub.cli.waiting import shown
from hub.demo.people import PEOPLE
from hub.demo.story import STORY, Done, tell_story
from hub.demo.story_lab import load_demo_settings
from hub.demo.story_stage import Stage
from hub.domain.errors import LabError
from hub.host_wiring import storage_from


def main(words: Sequence[str]) -> int:
    """Run the story; returns the exit code."""
    parser = argparse.ArgumentParser(prog="datalab demo", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=Path("lab.toml"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stop", action="store_true")
    given = parser.parse_args(words)
    sys.excepthook = say_fault
    config = given.config.absolute()
    stage: Stage | None = None
    try:
        stage = Stage(load_demo_settings(config), config)
        done = tell(stage)
        if given.stop:
            stop(stage.settings, clean=[storage_from(stage.settings).unmount_all])
    except (LabError, OSError) as error:
        print_failure(stage, error)
        return 1
    if given.json:
        print_json(as_json(stage, done))
    else:
        print_end(stage, done)
    return 0


def tell(stage: Stage) -> list[Done]:
    """Run the story, with a line for each step on standard error."""
    lines = console(err=True)
    done: list[Done] = []
    with shown("") as line:
        stage.tell = line
        story = tell_story(stage)
        for step in STORY:
            line(step.title)
            try:
                taken = next(story)
            except LabError:
                lines.print(Text.assemble(("✗ ", "red"), step.title))
                raise
            done.append(taken)
            verdict = (taken.seen.verdict, "green")
            lines.print(Text.assemble(("✓ ", "green"), f"{taken.seconds:5.1f} s  {step.title}: ", verdict))
    return done


def print_failure(stage: Stage | None, error: LabError | OSError) -> None:
    """Say what went wrong, and, since they are shown once, the passwords that were made before it did."""
    print_error(str(error))
    if stage is not None and stage.new_passwords:
        console(err=True).print(_logins(stage))


def print_end(stage: Stage, done: Sequence[Done]) -> None:
    """Print what was seen, the address and the logins."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "step", "verdict", "seconds", "seen"):
        table.add_column(name, overflow="fold", justify="right" if name == "seconds" else "left")
    for taken in done:
        step, seen = taken.step, taken.seen
        verdict, particulars = Text(seen.verdict, style="green"), Text(plain(seen.particulars))
        table.add_row(str(step.part or ""), step.title, verdict, f"{taken.seconds:.1f}", particulars)
    out = console()
    out.print()
    out.print(table)
    out.print(f"\nThe lab: {stage.settings.public_url}   (“make down” stops it)\n")
    out.print(_logins(stage))
    out.print("\nWhether each promise holds on this machine, attacked from inside: datalab doctor")


def _logins(stage: Stage) -> Table | Text:
    """The passwords that were made in this run; they are shown once."""
    kept = stage.settings.secret(Secret.DEMO)
    if not stage.new_passwords:
        names = ", ".join(person.name for person in PEOPLE)
        return Text(
            f"Logins: {names}.\nTheir passwords were shown when they were made; this account finds them in {kept}."
        )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("login", "password, shown once", "who"):
        table.add_column(name)
    for person in PEOPLE:
        table.add_row(person.name, stage.new_passwords.get(person.name, "as before"), person.title)
    return table


def as_json(stage: Stage, done: Sequence[Done]) -> dict[str, Any]:
    """The same for programs."""
    steps = [
        {
            "part": taken.step.part,
            "step": taken.step.title,
            "verdict": taken.seen.verdict,
            "seconds": round(taken.seconds, 2),
            "seen": taken.seen.particulars,
        }
        for taken in done
    ]
    return {"address": stage.settings.public_url, "new_passwords": stage.new_passwords, "steps": steps}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
