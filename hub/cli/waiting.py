"""Waiting for what the lab does in its containers, with progress on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from hub.cli.client import Json
from hub.cli.screen import console, plain
from hub.domain.errors import UnavailableError
from hub.domain.run_times import clock

PAUSE = 0.4
LONGEST_WAIT = 4 * 3600.0
ENDED = frozenset({"succeeded", "failed", "cancelled", "timed_out", "lost"})
"""States in which a work has ended; see hub.domain.work."""


class Tell(Protocol):
    """Shows how far something has come."""

    def __call__(
        self, state: str, progress: tuple[int, int] | None = None, left: int | None = None, memory: str = ""
    ) -> None:
        """Show the state, how many parts of how many are done, about how many seconds are left, and what is used."""


@contextmanager
def shown(what: str) -> Iterator[Tell]:
    """Show a line that follows the progress; nothing where standard error is no terminal."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[parts]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[memory]}"),
        console=console(err=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(plain(what), total=None, parts="", left="", memory="")
        yield _teller(bar, task, what)


def _teller(bar: Progress, task: TaskID, what: str) -> Tell:
    def tell(state: str, progress: tuple[int, int] | None = None, left: int | None = None, memory: str = "") -> None:
        done, of = progress or (0, None)
        parts = f"{done}/{of}" if of else ""
        said = plain(": ".join(filter(None, (what, state))))
        more = f"about {clock(left)} more" if left is not None else ""
        bar.update(task, description=said, completed=done, total=of, parts=parts, left=more, memory=memory)

    return tell


def wait_until(
    look: Callable[[], Json],
    is_done: Callable[[Json], bool],
    tell: Callable[[Json], None] = lambda _: None,
    longest: float = LONGEST_WAIT,
) -> Json:
    """Look again and again until it is done; returns what was seen last."""
    deadline = time.monotonic() + longest
    while True:
        seen = look()
        tell(seen)
        if is_done(seen):
            return seen
        if time.monotonic() > deadline:
            raise UnavailableError(
                "This takes longer than expected; it goes on without you. Look later.", reason="wait"
            )
        time.sleep(PAUSE)
