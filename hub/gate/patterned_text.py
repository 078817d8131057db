"""Texts that say something by their pattern and by no number: a few words again and again, letters one by one, bars."""

from __future__ import annotations

import re
from collections import defaultdict

_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 24
_FEWEST_LETTERS = 12
_REPEATED = 4
"""How often each word stands in a text, on average, from which it is none that people write."""
_RUN = re.compile(r"(?<=[\s:=>])(?:([^\w\s])(?:[ \t]?\1)+|([^\W\d_])(?:[ \t]?\2){2,})(?![^\s,;.])")
"""The same mark twice or more, or the same letter three times or more, standing by itself."""
_OF_SENTENCES = ".-–—!?=~"
_LONGEST = 3
"""How often people write such a mark: dots and dashes stand in sentences, too."""


def says_by_pattern(text: str) -> bool:
    """Whether a text can tell values without a number: each row of a column by a word, or counts by bars of marks."""
    return _repeats_words(text) or _shows_bars(text)


def _repeats_words(text: str) -> bool:
    words = _WORD.findall(text.casefold())
    letters = sum(len(word) == 1 for word in words)
    repeats = len(words) >= _FEWEST_WORDS and len(words) >= _REPEATED * len(set(words))
    return repeats or (letters >= _FEWEST_LETTERS and letters * 2 >= len(words))


def _shows_bars(text: str) -> bool:
    """Whether runs of one mark of two lengths or more stand behind words, as in a drawing of bars."""
    lengths: dict[str, set[int]] = defaultdict(set)
    for line in text.splitlines():
        for run in _RUN.finditer(line):
            if _WORD.search(line, 0, run.start()):
                lengths[run[1] or run[2]].add(run[0].count(run[1] or run[2]))
    return any(len(n) > 1 and (mark not in _OF_SENTENCES or max(n) > _LONGEST) for mark, n in lengths.items())
