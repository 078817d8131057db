"""Finds base85 and ASCII85 in a text: codes of five characters for four bytes, with nearly every sign of the keyboard.

Runs of such signs are common, and reading them is slow. So a run is tried only where it begins as a text would, or as
packed bytes, a table or a picture would, and then by its first letters before it is read as a whole.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.gate.readers import zstandard
from hub.gate.readers.packed import CLOSED, SHORT_MARKS
from hub.gate.readers.png import SIGNATURE

_SOLID = re.compile(r"\S{15,}+")
_DENSE = re.compile(r"(?m)(?<!\S)(?:\S{20,}+\n)+\S*+")


@dataclass(frozen=True, slots=True)
class _Code:
    """A code of five characters for four bytes: how a text, or a file, begins in it, and how it is read."""

    name: str
    starts: re.Pattern[str]
    read: Callable[[str], bytes]
    short: str = " "
    """The character that stands for five; a blank, which no run has, where none does."""


def _starts(encode: Callable[[bytes], bytes], first: str, others: str, longer: str) -> re.Pattern[str]:
    """Letters and line ends have one of ``first`` at the head of each five; packed bytes begin in one way each."""
    known = [
        mark[:4]
        for mark in (
            *SHORT_MARKS,
            *CLOSED,
            zstandard.MARK,
            *zstandard.SKIPPED,
            b"\x1f\x8b\x08",
            b"\xfd7zX",
            b"PK\x03\x04",
            b"PAR1",
            SIGNATURE,
        )
    ]
    marks = {encode(mark + fill * 4)[: len(mark)] for mark in known for fill in (b"\x00", b"\xff")}
    packed = "|".join(re.escape(mark.decode("ascii")) for mark in sorted(marks))
    head = rf"(?:{first}{others}{{4}}){{3}}|(?:{packed}){others}{{13}}"
    return re.compile(rf"(?:^|(?<=[\s\"'=(,~>]))(?={longer})(?:{head}){others}*+")


_CODES = (
    _Code(
        "ascii85",
        _starts(base64.a85encode, r"[#$+-I]", r"[!-uz]", r"\S{0,14}[<-u]"),
        base64.a85decode,
        short="z",
    ),
    _Code(
        "base85",
        _starts(base64.b85encode, r"[23A-Za-e]", r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]", r"\S{0,14}[A-Za-z]"),
        base64.b85decode,
    ),
)


def base_85(text: str, is_telling: Callable[[bytes], bool]) -> Iterator[tuple[str, str, bytes]]:
    """Find each run that says something: the code's name, the run and what came out of it."""
    solid = [match[0] for match in _SOLID.finditer(text)]
    for lines in (match[0].split("\n") for match in _DENSE.finditer(text)):
        # What follows the last line of a run may be a word of the text.
        solid += ["".join(part) for part in (lines, lines[:-1]) if len(part) > 1 and _is_wrapped(part)]
    for code in _CODES:
        for run in (match[0] for part in solid for match in code.starts.finditer(part)):
            if is_telling(_read(code, run[:15])) and is_telling(content := _read(code, run)):
                yield code.name, run, content


def _is_wrapped(lines: list[str]) -> bool:
    """Whether lines are as long as each other but for the last, as a program breaks a long run."""
    first, *between, last = map(len, lines)
    width = between[0] if between else first
    return first <= width and last <= width and set(between) <= {width}


def _read(code: _Code, run: str) -> bytes:
    """Read a run, without the character that it may have too many at its end; what is none gives nothing."""
    characters = len(run) + 4 * run.count(code.short)
    try:
        return code.read(run[:-1] if characters % 5 == 1 else run)
    except ValueError:
        return b""
