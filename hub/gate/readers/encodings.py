"""Finds what stands in a text in a code: base64, base32, hexadecimal, base85 and ASCII85, escapes and their like.

A run of characters counts as a code by what comes out of it: text that can be read, or bytes that are marked as packed
or as a file. Words, numbers, digests, identifiers and addresses give neither, so they are left alone. What no program
could tell from noise is for the check of long runs (``encoded-payload``).

The work grows with the length of the text: each expression walks it once, and a run is decoded a fixed number of times.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote_to_bytes

from hub.gate.readers.eighty_five import base_85
from hub.gate.readers.packed import CLOSED, SHORT_MARKS, Budget, inflated
from hub.gate.readers.readable import FEWEST, readable, stretches
from hub.gate.readers.uuencoded import uuencoded

LONG = 16
"""Characters from which a run counts by itself; shorter ones only in company."""
_FEWEST_WORDS = 3
_SOME = 0.2
_MIXED_FROM = 24
_MOST_DIGITS = 0.4
_ALIGNED_FROM = 48
_LONGEST_SEPARATED = 15
_FEWEST_SEPARATED = 6
_URL_SAFE = str.maketrans("-_", "+/")

_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{8,}+={0,6}")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2})+)")
_BASE32 = re.compile(r"(?:[A-Z2-7]+|[a-z2-7]+)={0,6}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]++={0,6})+")
_LINE = re.compile(r"""[\s>#|(\[]*(?:\+\s*)?["']?([A-Za-z0-9+/_-]{4,}+={0,2})["']?[\s,;)\]\\|+]*""")
_TAIL = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+$")
_MARKED = re.compile(
    rb"\x1f\x8b\x08[\x00-\x1f]|BZh[1-9]1AY&SY|\xfd7zXZ\x00|PK\x03\x04|\x89PNG\r\n|PAR1.|\xff\xd8\xff|%PDF-|\x93NUMPY|"
    rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x04\x22\x4d\x18|"
    rb"SQLite format 3|\x89HDF\r\n",
    re.DOTALL,
)

# No group below is possessive: Python before 3.11.5 takes a part of what did not match with it (gh-106052).
_PAIRS = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x)?[0-9A-Fa-f]{2}[\s:,;-]{1,3}+){7,}(?:(?:0x)?[0-9A-Fa-f]{2})?")
_BITS = re.compile(r"(?<![0-9A-Za-z])(?:[01]{8}[\s,]?+){4,}")
_CODES = re.compile(r"(?<![\w.])(?:\d{1,3}+[,;\s]\s?+){11,}(?:\d{1,3})?")
_ESCAPED = r"(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[0-7]{3})"
_ENTITY = r"(?:\d{1,7}|[xX][0-9A-Fa-f]{1,6})"
_SIMPLE: tuple[tuple[str, str, re.Pattern[str], Callable[[str], bytes]], ...] = (
    ("percent", "%", re.compile(r"%[0-9A-Fa-f]{2}[\w.~-]{0,3}(?:%[0-9A-Fa-f]{2}[\w.~-]{0,3}){3,}"), unquote_to_bytes),
    (
        "escapes",
        "\\",
        re.compile(rf"\\{_ESCAPED}(?:\\{_ESCAPED}){{3,}}"),
        lambda run: run.encode("ascii").decode("unicode_escape").encode("utf-8", "replace"),
    ),
    (
        "entities",
        "&#",
        re.compile(rf"&#{_ENTITY};(?:&#{_ENTITY};){{3,}}"),
        lambda run: html.unescape(run).encode("utf-8", "replace"),
    ),
    (
        "quoted-printable",
        "=",
        re.compile(r"=[0-9A-F]{2}(?:=\n)?(?:=[0-9A-F]{2}(?:=\n)?){3,}"),
        lambda run: bytes.fromhex(re.sub(r"[=\s]", "", run)),
    ),
)
"""Codes with a mark that seldom stands in a text: name, mark, run, and how it is read."""


@dataclass(frozen=True, slots=True)
class Coded:
    """What was found: the code, how many characters it took, and the bytes that came out."""

    code: str
    written: int
    content: bytes


def coded(text: str) -> Iterator[Coded]:
    """Find every run that says something by itself."""
    for run in dict.fromkeys(match[0] for match in _RUN.finditer(text) if len(match[0]) >= LONG):
        yield from from_run(run)
    for run in _joined(text):
        yield from from_run(run)
    for name, mark, pattern, read in _SIMPLE:
        if mark in text:
            yield from (Coded(name, len(m[0]), c) for m in pattern.finditer(text) if is_telling(c := read(m[0])))
    yield from _separated(text)
    yield from (Coded("uu", written, content) for written, content in uuencoded(text) if is_telling(content))
    yield from (Coded(name, len(run), content) for name, run, content in base_85(text, is_telling))


def with_short_runs_read(text: str) -> tuple[str, str]:
    """Return the text with its coded words replaced by what they say, and the code; nothing where few are coded.

    So a table whose every cell is coded by itself is a table again.
    """
    known: dict[str, tuple[str, str]] = {}
    codes: list[str] = []

    def said(match: re.Match[str]) -> str:
        word = match[0]
        if word not in known:
            known[word] = word_read(word)
        code, plain = known[word]
        codes.append(code)
        return plain or word

    plain = _RUN.sub(said, text)
    found = [code for code in codes if code]
    if sum(1 for code, _ in known.values() if code) < _FEWEST_WORDS or len(found) < _SOME * len(codes):
        return "", ""
    return plain, max(sorted(set(found)), key=found.count)


def word_read(word: str, fewest: int = FEWEST, expected: str = "") -> tuple[str, str]:
    """Return the code, which may be known, and the text of one coded word, or two empty texts."""
    for code, content in _plainly(word):
        text = readable(content, fewest) if expected in ("", code) else ""
        if text:
            return code, text
    return "", ""


def from_run(run: str) -> Iterator[Coded]:
    """Read a run without spaces in each code whose letters it has; the first that says something counts."""
    for code, content in _plainly(run):
        if is_telling(content) or _is_deflated(content):
            yield Coded(code, len(run), content)
            return
    if len(run) >= _ALIGNED_FROM:
        yield from _within(run)


def is_marked(content: bytes) -> bool:
    """Whether bytes begin as packed bytes or a known file do, by four bytes or more."""
    return _MARKED.match(content) is not None or content.startswith(CLOSED)


def _is_deflated(content: bytes) -> bool:
    """Whether bytes without a mark are a deflate stream of text, to their very end."""
    return len(content) >= LONG and bool(readable(inflated(content, Budget())))


def is_telling(content: bytes) -> bool:
    """Whether bytes are text, or begin as packed bytes or a known file do."""
    return is_marked(content) or content.startswith(SHORT_MARKS) or bool(readable(content))


def _plainly(run: str) -> Iterator[tuple[str, bytes]]:
    """Read a run in each of the codes of letters and digits; base64 that is not short has letters of both kinds."""
    hexadecimal = _HEX.fullmatch(run)
    if hexadecimal:
        yield "hex", bytes.fromhex(hexadecimal[1])
    lower, upper = run == run.lower(), run == run.upper()
    if (lower or upper) and _BASE32.fullmatch(run):
        letters = run.rstrip("=").upper()
        if len(letters) % 8 in (0, 2, 4, 5, 7):
            yield "base32", base64.b32decode(letters + "=" * (-len(letters) % 8))
    if _may_be_base64(run):
        yield "base64", from_base64(run)


def _may_be_base64(run: str) -> bool:
    """Small letters or capitals alone are words, and a long run with many digits is made of numbered ones."""
    if run == run.lower() or (run == run.upper() and (run.isalpha() or len(run) >= _MIXED_FROM)):
        return False
    digits = sum(map(run.count, "0123456789")) if len(run) >= _MIXED_FROM else 0
    return digits <= _MOST_DIGITS * len(run) and _BASE64.fullmatch(run) is not None


def from_base64(run: str) -> bytes:
    """Read base64 of both alphabets; where pieces were padded one by one, they are joined."""
    parts = [part[:-1] if len(part) % 4 == 1 else part for part in run.translate(_URL_SAFE).split("=") if part]
    return b"".join(binascii.a2b_base64(part + "=" * (-len(part) % 4)) for part in parts)


def _within(run: str) -> Iterator[Coded]:
    """Look for what begins within a long run of base64 or hexadecimal, behind other letters or bytes."""
    for skipped in range(4 if _may_be_base64(run) else 0):
        content = from_base64(run[skipped:])
        marked = _MARKED.search(content)
        if marked:
            yield Coded("base64", len(run), content[marked.start() :])
        said = stretches(content)
        if said:
            yield Coded("base64", len(run), said.encode())
        if marked or said:
            return
    hexadecimal = _HEX.fullmatch(run)
    marked = _MARKED.search(bytes.fromhex(hexadecimal[1])) if hexadecimal else None
    if hexadecimal and marked:
        yield Coded("hex", len(run), bytes.fromhex(hexadecimal[1])[marked.start() :])


def _joined(text: str) -> Iterator[str]:
    """Yield runs that were broken into lines, into texts of a list, or into groups of as many letters."""
    yield from _lines_joined(text.split("\n"))
    words = text.split()
    at = 0
    for length, group in groupby(map(len, words)):
        count = sum(1 for _ in group)
        if count >= _FEWEST_SEPARATED and 1 < length <= _LONGEST_SEPARATED:
            for more in (0, 1):
                # The last group is often shorter than the others.
                run = "".join(words[at : at + count + more])
                if not run.isdigit() and _BASE64.fullmatch(run):
                    yield run
        at += count


def _lines_joined(lines: list[str]) -> Iterator[str]:
    """Yield what lines of one run each are together, with the run at the end of the line before them."""
    at = 0
    for is_run, group in groupby(map(_LINE.fullmatch, lines) if len(lines) > 1 else (), key=bool):
        matches = list(group)
        pieces = [match[1] for match in matches if match] if is_run else []
        before = _TAIL.search(lines[at - 1]) if at and pieces else None
        pieces = [before[0], *pieces] if before else pieces
        if len(pieces) > 1 and not all(piece.isdigit() for piece in pieces):
            yield "".join(pieces)
        at += len(matches)


def _separated(text: str) -> Iterator[Coded]:
    """Read bytes that are written one by one: as pairs of hexadecimal digits, as bits, as decimal or octal codes."""
    for match in _PAIRS.finditer(text):
        digits = "".join(re.findall(r"(?:0x)?([0-9A-Fa-f]{2})", match[0]))
        if not digits.isdigit() and is_telling(content := bytes.fromhex(digits)):
            yield Coded("hex", len(match[0]), content)
    for match in _BITS.finditer(text):
        bits = re.sub(r"[^01]", "", match[0])
        if is_telling(content := int(bits, 2).to_bytes(len(bits) // 8, "big")):
            yield Coded("bits", len(match[0]), content)
    for match in _CODES.finditer(text):
        codes = re.findall(r"\d+", match[0])
        is_octal = all(int(digit) < 8 for code in codes for digit in code)
        for base in (10, 8) if is_octal else (10,):
            numbers = [int(code, base) for code in codes]
            if _is_spelled(numbers):
                yield Coded("codes", len(match[0]), bytes(numbers))


def _is_spelled(numbers: list[int]) -> bool:
    """Whether numbers are codes of letters: small letters or digits mostly, with what separates words or cells.

    Ages and counts are numbers of the same size, and hardly ever so.
    """
    if not all(number in (9, 10, 13) or 32 <= number <= 126 for number in numbers):
        return False
    telling = sum(97 <= number <= 122 or 48 <= number <= 57 for number in numbers)
    return telling >= 0.6 * len(numbers) and any(number in (9, 10, 32, 44, 59) for number in numbers)
