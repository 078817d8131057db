"""Sentences that records keep: English, already filled; here the template that each came from is found again.

The worker and the gate write such sentences before anybody reads them in a language of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

PLACE = re.compile(r"\{([a-z_]+)\}")
BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z“])")
LONGEST = 2000

Say = Callable[[str, dict[str, str]], str]


def pattern_of(template: str) -> re.Pattern[str]:
    """Return what a filled template looks like; a value stays within a line."""
    seen: set[str] = set()
    pattern = ""
    for number, part in enumerate(PLACE.split(template)):
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
    """Templates by which filled sentences are recognised."""

    plain: frozenset[str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]

    def said(self, sentence: str, say: Say) -> str | None:
        """Say a sentence that comes from a template; None for one that does not."""
        if sentence in self.plain:
            return say(sentence, {})
        for template, pattern in self.patterns:
            if found := pattern.fullmatch(sentence):
                return say(template, found.groupdict())
        return None

    def all_said(self, sentences: str, say: Say) -> str:
        """Say one sentence after another; what is not known stays English."""
        if not sentences or len(sentences) > LONGEST:
            return sentences
        whole = self.said(sentences, say)
        if whole is not None:
            return whole
        return " ".join(self.said(part, say) or part for part in BETWEEN.split(sentences))


def templates_of(messages: Iterable[str], shortest: int) -> Templates:
    """Make templates; longer ones are tried first, and ones with too few words of their own are no evidence."""
    known = sorted(set(messages), key=len, reverse=True)
    filled = [m for m in known if PLACE.search(m) and len(PLACE.sub("", m)) >= shortest]
    return Templates(frozenset(m for m in known if not PLACE.search(m)), tuple((m, pattern_of(m)) for m in filled))
