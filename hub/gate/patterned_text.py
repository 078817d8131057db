"""Texts that say something by their pattern and by no number: a few words again and again, letters one by one, bars."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

_WORDLIKE = re.compile(r"\w")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 24
_FEWEST_LETTERS = 12
_REPEATED = 4
"""How often each word stands in a text, on average, from which it is none that people write."""
_RUN = re.compile(r"([^\w\s])(?:[ \t]?\1)*|(?<!\w)([^\W\d_])(?:[ \t]?\2)*")
"""The same mark, or the same letter, again and again; each match goes as far as it can, so that lines are read once."""
_FEWEST_MARKS = 2
_FEWEST_SAME = 3
_OF_SENTENCES = ".-–—!?=~:|<>()[]{}\"'`"
_LONGEST = 3
"""How often people write such a mark: dots and dashes stand in sentences, brackets in each other."""
_HEADING = re.compile(r"(#{1,6})[ \t]")
_WORDS_OF_A_LINE = 3
"""Words of a line from which it says nothing more where it stands below itself, as a warning does."""


def says_by_pattern(text: str) -> bool:
    """Whether a text can tell values without a number: each row of a column by a word, or counts by bars of marks."""
    return _repeats_words(text) or _shows_bars(text)


def _repeats_words(text: str) -> bool:
    words = [word for line in _different_lines(text.casefold()) for word in _WORD.findall(line)]
    letters = sum(len(word) == 1 for word in words)
    repeats = len(words) >= _FEWEST_WORDS and len(words) >= _REPEATED * len(set(words))
    return repeats or (letters >= _FEWEST_LETTERS and letters * 2 >= len(words))


def _different_lines(text: str) -> Iterator[str]:
    """Yield the lines, and one of several words once where it stands below itself."""
    above = ""
    for line in text.splitlines():
        if line != above or len(_WORD.findall(line)) < _WORDS_OF_A_LINE:
            yield line
        above = line


def _shows_bars(text: str) -> bool:
    """Whether runs of one mark of two lengths or more stand beside words, as in a drawing of bars."""
    lengths: dict[str, set[int]] = defaultdict(set)
    above = 0
    for line in text.splitlines():
        heading = _HEADING.match(line)
        level = len(heading[1]) if heading else 0
        if above and level and level != above + 1:
            # A heading right below another is one level deeper; what is not is a bar before a word.
            lengths["#"] |= {above, level} - {1}
        for mark, length in _runs(line, heading.end() if heading else 0):
            lengths[mark].add(length)
        above = level
    return any(len(n) > 1 and (mark not in _OF_SENTENCES or max(n) > _LONGEST) for mark, n in lengths.items())


def _runs(line: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield each mark that stands several times by itself in a line with words, and how many times it does."""
    words = [found.span() for found in _WORD.finditer(line)]
    for run in _RUN.finditer(line, start):
        around = line[max(run.start() - 1, 0) : run.start()] + line[run.end() : run.end() + 1]
        is_beside = bool(words) and (words[0][0] < run.start() or words[-1][0] >= run.end())
        mark = run[1] or run[2]
        # Bars between the cells of a table have blanks between them where cells are empty.
        length = max(map(len, run[0].split())) if mark == "|" else run[0].count(mark)
        is_long = length >= (_FEWEST_MARKS if run[1] else _FEWEST_SAME)
        if is_long and is_beside and not _WORDLIKE.search(around):
            yield mark, length
