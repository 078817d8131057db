"""All text of a fragment, made once for all checks, and patterns that are looked for in it.

Most texts hold nothing of what is looked for, and Python's patterns are slow to find that out: they look around each
character. So each pattern has a looser one beside it, for an engine that never goes back. Invariant: wherever the
pattern is met, the looser one is met, too; it only spares the look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from hub.gate.words import phrases

_SHORT = 2_000
"""Characters below which a text is searched at once."""


class FullText:
    """A text, and what several checks need of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def phrases(self) -> pl.Series:
        """Every run of a few words of a line, as ``words.phrases`` gives them."""
        return phrases(self.text)

    @cached_property
    def _whole(self) -> pl.Series:
        return pl.Series([self.text], dtype=pl.String)

    def may_have(self, loose: str) -> bool:
        """Whether a loose pattern is met; a short text may always have it."""
        return len(self.text) < _SHORT or bool(self._whole.str.contains(loose).item())


@dataclass(frozen=True, slots=True)
class Sought:
    r"""A pattern, and a looser one, in the syntax of Polars, that is met wherever the pattern is.

    What differs between the two engines: Polars looks at nothing around a match, its ``\w`` and ``\W`` are of other
    characters than Python's, and without regard to case a dotless or dotted capital ``i`` is an ``i`` to Python alone.
    """

    pattern: re.Pattern[str]
    loose: str

    def search(self, said: FullText) -> re.Match[str] | None:
        """Return the first match."""
        return self.pattern.search(said.text) if said.may_have(self.loose) else None

    def finditer(self, said: FullText) -> Iterator[re.Match[str]]:
        """Return every match."""
        return self.pattern.finditer(said.text) if said.may_have(self.loose) else iter(())
