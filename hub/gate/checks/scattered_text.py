"""Scattered text: many short texts carry as much as a long one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import RequestCheck
from hub.gate.checks.reading import MOST_DIGITS_IN_CODE
from hub.gate.context import Context
from hub.gate.fragments import TableFragment, TextFragment, ValueFragment, is_source
from hub.gate.notebook_source import cell_digest
from hub.gate.spoken_numbers import spoken_numbers
from hub.gate.titles import says_much
from hub.gate.views import text_of

IDENTIFIER = "scattered-text"
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,64}(?![0-9A-Za-z])")
_MOST_NAME_DIGITS = 60
"""A request may name years, dates and numbered parts, each once."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a file's texts come to: how many there are, their characters, and the numbers that its sources say."""

    parts: int = 0
    characters: int = 0
    digits: int = 0

    def __add__(self, other: _Said) -> _Said:
        return _Said(self.parts + other.parts, self.characters + other.characters, self.digits + other.digits)


def scattered_text(files: Sequence[Context]) -> list[list[Finding]]:
    """Short texts are read by a steward where those of a file, or of a request, are together as long as a long text.

    So are those that the project's other requests on the same dataset add up to, as far as these left or are under way.
    The digits of code cells count together, too, and so do the different words and numbers of the files' names, and of
    the names of columns that no dataset has. A cell without text and a table of a notebook count as a character each,
    since how many there are, and of which kind, can carry data. Cells of the notebook that was approved for the run are
    not counted: they were read before.
    """
    said = [_said(context) for context in files]
    total = sum(said, _Said())
    alone = [_is_long(own, context) for own, context in zip(said, files, strict=True)]
    names = bool(files) and (_name_much(files) or _title_much(files))
    if files and total.parts:
        # Sources of others are left out: most are of approved notebooks, and each was read with its request.
        total = sum((_said(other, with_sources=False) for other in files[0].others), total)
    together = not any(alone) and bool(files) and (names or _is_long(total, files[0]))
    return [
        [_finding(context)] if is_long or (together and (own.parts or names)) else []
        for context, own, is_long in zip(files, said, alone, strict=True)
    ]


def _said(context: Context, *, with_sources: bool = True) -> _Said:
    approved = set(context.approved.cells) if context.approved else set()
    total = _Said()
    for part in context.offered:
        if isinstance(part, TableFragment) and part.slot is not None:
            total += _Said(1, 1)
        if not isinstance(part, (TextFragment, ValueFragment)):
            continue
        if is_source(part) and not with_sources:
            continue
        slot = part.slot if isinstance(part, TextFragment) else None
        text = text_of(part)
        if slot is not None and slot.output is None and cell_digest(slot.cell_kind, text) in approved:
            continue
        is_empty_cell = slot is not None and slot.output is None and not text
        total += _Said(1, len(text) + is_empty_cell, spoken_numbers(text) if is_source(part) else 0)
    return total


def _is_long(said: _Said, context: Context) -> bool:
    is_long = said.characters >= context.policy.free_text or said.digits > MOST_DIGITS_IN_CODE
    return said.parts > 1 and is_long


def _name_much(files: Sequence[Context]) -> bool:
    """Whether the names of several files are long, or have many digits, with each word and number taken once."""
    words = {word for context in files for word in _WORDS.findall(_DIGEST.sub("", context.path))}
    digits = sum(map(spoken_numbers, words))
    is_much = digits > _MOST_NAME_DIGITS or sum(map(len, words)) >= files[0].policy.free_text
    return len(files) > 1 and is_much


def _title_much(files: Sequence[Context]) -> bool:
    """Whether the names of columns of several tables are long together."""
    tables = [part for context in files for part in context.offered if isinstance(part, TableFragment)]
    return len(tables) > 1 and says_much((title for table in tables for title in table.columns), files[0])


def _finding(context: Context) -> Finding:
    sentence = (
        "Short texts of the file, or texts and names of files and columns of the request, are long together or hold "
        "many digits, so that they could carry anything. A steward reads them; leave out what is not needed, or send "
        "the approved notebook as its run wrote it."
    )
    rule = f"free text from {context.policy.free_text} characters ({context.policy.name})"
    return context.finding(IDENTIFIER, Severity.REVIEW, "", sentence, rule, applied=("free_text",))


SCATTERED_TEXT = RequestCheck(
    IDENTIFIER, scattered_text, parameters=("free_text",), source="The lab's own: what small parts tell adds up"
)
