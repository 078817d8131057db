"""Documentation that is run: the console and Python blocks of a page, typed by the people whom they name.

A block ``console`` is typed in the page's own person's terminal, ``console health-steward`` in another one's. A block
``python scientist care`` is a cell in that member's workspace; the block ``text`` after it is what the cell shows. Each
line that is shown must be printed, in this order; ``…`` stands for anything, and other lines may come between.
"""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROMPT, CONTINUED = "$ ", "> "
ASKS_FOR_THE_CODE = "echo $?"
ERROR = "datalab: "
"""How a sentence begins that ``datalab`` prints when it did not do what was asked."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the words behind its fence, the number of its first line, and its lines."""

    words: tuple[str, ...]
    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is typed, where it stands, and what is shown of its output."""

    line: int
    source: str
    shown: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """What shows an error's sentence is meant to fail."""
        return any(line.startswith(ERROR) for line in self.shown)


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    words: tuple[str, ...] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```") and words is None:
            words, lines = tuple(line[3:].split()), []
        elif line.startswith("```"):
            yield Block(words or (), number - len(lines), tuple(lines))
            words = None
        elif words is not None:
            lines.append(line)
    if words is not None:
        raise ValueError("The last block is not closed.")


def commands(block: Block) -> Iterator[Step]:
    """The commands of a console block, each with what is shown of its output."""
    step: Step | None = None
    for number, line in enumerate(block.lines, block.line):
        if line.startswith(PROMPT):
            if step is not None:
                yield step
            step = Step(number, line.removeprefix(PROMPT), ())
        elif step is None:
            raise ValueError(f"Line {number}: a console block begins with a command.")
        elif line.startswith(CONTINUED) and not step.shown:
            step = Step(step.line, f"{step.source}\n{line.removeprefix(CONTINUED)}", ())
        else:
            step = Step(step.line, step.source, (*step.shown, line))
    if step is not None:
        yield step


def not_printed(shown: Sequence[str], printed: str) -> str | None:
    """The first shown line that was not printed, in this order; None when all of them were."""
    lines = iter([_squeezed(line) for line in printed.splitlines()])
    for line in shown:
        wanted = re.compile(".*".join(re.escape(part) for part in re.split(r" ?… ?", _squeezed(line))))
        if line.strip() not in ("", "…") and not any(wanted.fullmatch(found) for found in lines):
            return line
    return None


def _squeezed(line: str) -> str:
    """Columns are as wide as what happens to stand in them."""
    return " ".join(line.split())


class Terminal:
    """One person's shell, which keeps its variables from one command to the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str], prelude: str = "", limit: float = 300.0) -> None:
        self._mark = secrets.token_hex(8)
        self._limit = limit
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            text=True,
        )
        if prelude:
            self.type(prelude)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.kill()
        self._shell.communicate()

    def type(self, command: str) -> tuple[int, str]:
        """Type a command; returns its exit code and what it printed. A later command finds the code in ``$?``."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        ended = f"code=$?; printf '\\n{self._mark} %d\\n' $code; (exit $code)"
        self._shell.stdin.write(f"eval {shlex.quote(command)} </dev/null\n{ended}\n")
        self._shell.stdin.flush()
        watch = threading.Timer(self._limit, self._shell.kill)
        watch.start()
        printed = []
        try:
            for line in self._shell.stdout:
                if line.startswith(self._mark):
                    return int(line.split()[1]), "".join(printed)
                printed.append(line)
        finally:
            watch.cancel()
        raise AssertionError(f"“{command}” did not end within {self._limit} s, or ended the shell: {''.join(printed)}")
