"""Sentences that records keep: English, already filled; here the template that each came from is found again.

The worker and the gate write such sentences before anybody reads them in a language of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

PLACE = re.compile(r"\{([a-z_]+)\}")
BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z“])")
LONGEST = 2000

Translate = Callable[[str, dict[str, object]], str]


def pattern_of(template: str) -> re.Pattern[str]:
    """Return what a filled template looks like; a value stays within a line."""
    parts, seen, pattern = PLACE.split(template), set(), ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            pattern += re.escape(part)
        elif part in seen:
            pattern += f"(?P={part})"
        else:
            seen.add(part)
            pattern += f"(?P<{part}>[^\n]{{0,300}}?)"
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of one language's catalogue."""

    known: Iterable[str]
    plain: frozenset[str] = field(init=False)
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Longer templates are tried first, since a short one may be a part of them."""
        templates = sorted(self.known, key=len, reverse=True)
        object.__setattr__(self, "plain", frozenset(t for t in templates if not PLACE.search(t)))
        object.__setattr__(
            self,
            "patterns",
            tuple((t, pattern_of(t)) for t in templates if PLACE.search(t) and len(PLACE.sub("", t)) >= 10),
        )

    def translate(self, sentence: str, translate: Translate) -> str:
        """Translate a whole sentence, or else one after another; what is not known stays English."""
        if not self.plain or not sentence or len(sentence) > LONGEST:
            return sentence
        return self._one(sentence, translate) or " ".join(
            self._one(part, translate) or part for part in BETWEEN.split(sentence)
        )

    def _one(self, sentence: str, translate: Translate) -> str:
        if sentence in self.plain:
            return translate(sentence, {})
        for template, pattern in self.patterns:
            if found := pattern.fullmatch(sentence):
                return translate(template, dict(found.groupdict()))
        return ""
