"""What a line of the list of calls can say: names, a reason, and for which arguments it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Architecture(StrEnum):
    """A kind of machine that the list was made for; the value is the engine's word for it."""

    X86_64 = "amd64"
    AARCH64 = "arm64"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call, counted from 0, is ``value``; with a ``mask``, the bits under the mask are.

    All 64 bits of an argument are compared, also where the kernel reads 32: what is odd in the others is refused.
    """

    index: int
    value: int
    mask: int | None = None

    def __str__(self) -> str:
        if self.mask is None:
            return f"argument {self.index} is {self.value:#x}"
        return f"argument {self.index} & {self.mask:#x} is {self.value:#x}"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls, by their names with a blank between them, and why they are on the list.

    ``when`` lists alternatives: the call is meant when all arguments of any one of them are so; without any, always.
    ``only`` names the one architecture that has these calls; without it, both have them.
    """

    names: str
    reason: str
    when: tuple[tuple[Argument, ...], ...] = ()
    only: Architecture | None = None

    @property
    def each(self) -> tuple[str, ...]:
        """The names one by one."""
        return tuple(self.names.split())
