"""A running lab in which hub, portal and gateway have each a clock of their own that a test sets while they run.

The machine's clock is never touched: each program is started by a few lines that put another ``time.time`` and another
``datetime`` before its code, and read from a file how far they are ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hub.adapters.processes import Program, lab_programs
from hub.settings import Settings

CLOCKS = ("hub", "portal", "gateway")
STARTER = """
import datetime as module
import pathlib
import runpy
import sys
import time

clock, repository, name, *words = sys.argv[1:]
real_seconds, real = time.time, module.datetime


def ahead():
    return float(pathlib.Path(clock).read_text() or 0)


class Meta(type):
    def __instancecheck__(cls, value):
        return isinstance(value, real)

    def __subclasscheck__(cls, other):
        return issubclass(other, real)


class Shifted(real, metaclass=Meta):
    def __new__(cls, *values, **named):
        return real(*values, **named)

    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + module.timedelta(seconds=ahead())

    @classmethod
    def utcnow(cls):
        return real.utcnow() + module.timedelta(seconds=ahead())


time.time = lambda: real_seconds() + ahead()
module.datetime = Shifted
sys.path[0] = repository
sys.argv = [name, *words]
runpy.run_module(name, run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Clocks:
    """Files that say how far the clock of a program is ahead, in seconds."""

    folder: Path

    def make(self) -> None:
        self.folder.mkdir(mode=0o755)
        (self.folder / "start.py").write_text(STARTER)
        for name in CLOCKS:
            self.set(name, timedelta())
        for path in self.folder.iterdir():
            path.chmod(0o644)

    def set(self, name: str, ahead: timedelta) -> None:
        """Let a program's clock jump, from one moment to the next."""
        (self.folder / f"{name}.new").write_text(str(ahead.total_seconds()))
        (self.folder / f"{name}.new").chmod(0o644)
        (self.folder / f"{name}.new").rename(self.folder / name)

    def programs(self, settings: Settings, config: Path) -> list[Program]:
        """The lab's programs, those with a clock of their own among them."""
        return [self._own(p) if p.name in CLOCKS else p for p in lab_programs(settings, config)]

    def _own(self, program: Program) -> Program:
        python, dash_m, module, *words = program.command
        assert dash_m == "-m", program.command
        repository = str(Path(__file__).parents[2])
        command = (python, str(self.folder / "start.py"), str(self.folder / program.name), repository, module, *words)
        return replace(program, command=command, needs=(*program.needs, self.folder))
