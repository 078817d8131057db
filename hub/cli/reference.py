"""The reference page of the command-line tool, made from the commands themselves.

``python -m hub.cli.reference > docs/reference/cli.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from typer.core import TyperArgument, TyperGroup
from typer.main import get_command

from hub.cli.main import app

HEAD = """\
# The command-line tool `datalab`

This page is made from the commands themselves by `python -m hub.cli.reference`; a test fails when the two differ.

Remote commands use the lab's API with your own token: run `datalab login` once, or set `DATALAB_URL` and
`DATALAB_TOKEN`, which win. `--json` prints JSON for programs. An error is one sentence on standard error and an exit
code that is not zero; 2 means that the command was typed wrongly. `datalab --install-completion` teaches your shell to
complete commands.
"""


def page() -> str:
    """Return the whole page as markdown."""
    return "\n".join([HEAD, *_commands(get_command(app), "datalab")]).rstrip("\n") + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    """A group, then what is in it; a command with its arguments, options and examples."""
    if not isinstance(command, TyperGroup):
        yield from _command(command, path)
        return
    if path != "datalab":
        yield f"## `{path}`\n\n{_one_line(command.help)}\n"
    for name, below in sorted(command.commands.items(), key=lambda item: isinstance(item[1], TyperGroup)):
        yield from _commands(below, f"{path} {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if not isinstance(p, TyperArgument) and "--help" not in p.opts]
    level = "##" if path.count(" ") == 1 else "###"
    yield f"{level} `{' '.join([path, *(_metavar(a) for a in arguments)])}`\n\n{_text(command.help)}\n"
    rows = [(_metavar(a), a) for a in arguments] + [(_spelled(o), o) for o in options]
    if rows:
        yield "| | |\n| --- | --- |"
        yield from (f"| `{spelled}` | {_explained(parameter)} |" for spelled, parameter in rows)
        yield ""
    examples = [line.strip() for line in (command.epilog or "").splitlines()[1:] if line.strip()]
    if examples:
        yield "```sh\n" + "\n".join(examples) + "\n```\n"


def _metavar(argument: Any) -> str:
    return str(argument.metavar or " / ".join(_choices(argument)) or argument.name.upper())


def _choices(parameter: Any) -> list[str]:
    kind: Any = parameter.type_descriptor.annotation
    return [str(choice) for choice in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _spelled(option: Any) -> str:
    words = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
    return words if option.is_flag else f"{words} {_metavar(option)}"


def _explained(parameter: Any) -> str:
    said = [(parameter.help or "").replace("|", "\\|")]
    if isinstance(parameter, TyperArgument):
        return said[0]
    said += ["Required."] * bool(parameter.required)
    said += ["May be given again."] * bool(parameter.multiple)
    said += [f"Environment: `{parameter.envvar}`."] * bool(parameter.envvar)
    said += [f"Default: `{parameter.default}`."] * bool(parameter.default and not parameter.is_flag)
    return " ".join(said)


def _text(text: str | None) -> str:
    return "\n\n".join(_one_line(part) for part in (text or "").split("\n\n"))


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    sys.stdout.write(page())
