"""Tables as they leave: RFC 4180, UTF-8, commas, bounded digits, and no cell that a spreadsheet would run."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache

from hub.gate.canonical_text import clean_cell
from hub.gate.fragments import TableFragment

_FRACTION = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d{1,3})?|[+-]?\d+[eE][+-]?\d{1,3}")
_WHOLE = re.compile(r"\+?\d+|-\d+")
_RUNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\ufe62", "\ufe63", "\ufe6b", "\u2212")
"""How a formula begins, also in full width, small, and with a minus sign; tabs and line ends before it are cut off."""
_HARMLESS = re.compile(r"-+|\*+")
_QUOTED = re.compile(r'[,;\t"\n\r]')


def canonical_table(table: TableFragment, digits: int) -> TableFragment:
    """Return the table with every cell as it leaves."""
    leaves, told, others = _as_it_leaves(digits).fullmatch, _told_by_float(digits).fullmatch, _Others(digits)
    form = f".{digits}g"

    def made(cells: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            cell if leaves(cell) else format(float(cell), form) if told(cell) else others[cell] for cell in cells
        )

    return table.model_copy(update={"columns": made(table.columns), "data": tuple(map(made, table.data))})


class _Others(dict[str, str]):
    """Cells that take some work, each worked out once."""

    def __init__(self, digits: int) -> None:
        self._digits = digits

    def __missing__(self, text: str) -> str:
        self[text] = made = _worked_out(text, self._digits)
        return made


@cache
def _told_by_float(digits: int) -> re.Pattern[str]:
    """Fractions that floating point rounds as decimals are rounded, and writes as they leave.

    They have at most 15 digits, of which the last is no 5, so that they are not halfway between two numbers, and the
    distance to the middle is far above what floating point errs; none is so small or large that it gets an exponent.
    """
    begins = rf"0\.0{{0,3}}[1-9]|[1-9][0-9]{{0,{digits - 2}}}\."
    return re.compile(rf"-?(?=[0-9.]{{3,16}}\Z)(?:{begins})[0-9]*[1-46-9]0*")


@cache
def _as_it_leaves(digits: int) -> re.Pattern[str]:
    """Cells that leave as they are, as most do: whole numbers, fractions of few digits, and plain words."""
    small = rf"0\.0{{0,6}}(?=[1-9])[0-9]{{1,{digits}}}(?<=[1-9])"
    large = rf"(?=[0-9.]{{3,{digits + 1}}}\Z)[1-9][0-9]*\.[0-9]*[1-9]"
    return re.compile(rf"-?(?:[0-9]+|{small}|{large})|[A-Za-z](?:[ -~]*[!-~])?")


def canonical_cell(text: str, digits: int) -> str:
    """Return a cell as it leaves: numbers with bounded digits, text that no spreadsheet takes for a formula."""
    return text if _as_it_leaves(digits).fullmatch(text) else _worked_out(text, digits)


def _worked_out(text: str, digits: int) -> str:
    plain = clean_cell(text)
    if _FRACTION.fullmatch(plain):
        return bounded(plain, digits)
    if _WHOLE.fullmatch(plain):
        return plain.removeprefix("+")
    return _as_text(plain)


def harmless_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; numbers stay as they are written."""
    return _as_text(clean_cell(text))


def _as_text(plain: str) -> str:
    return f"'{plain}" if plain.startswith(_RUNS) and not _HARMLESS.fullmatch(plain) else plain


@cache
def _rounding(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_EVEN)


def bounded(text: str, digits: int) -> str:
    """Return a number with at most so many significant digits, written out where it is not too long."""
    value = _rounding(digits).create_decimal(Decimal(text)).normalize()
    if value == 0:
        return "0"
    exponent = value.adjusted()
    return f"{value:f}" if -7 <= exponent <= 15 else f"{value:e}".replace("e+", "e")


def loses_digits(before: str, after: str) -> bool:
    """Whether a number was rounded, and not only written in another way."""
    plain = clean_cell(before)
    return _FRACTION.fullmatch(plain) is not None and Decimal(plain) != Decimal(after)


def write_csv(table: TableFragment) -> bytes:
    """Return the bytes: a header, CRLF line ends, quotes where a cell holds a separator, a quote or a line end."""
    rows = zip(*table.data, strict=True) if table.data else ()
    lines = [_line(table.columns), *map(_line, rows)]
    return "".join(lines).encode()


def _line(cells: tuple[str, ...]) -> str:
    quoted = cells
    if _QUOTED.search("".join(cells)):
        quoted = tuple('"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells)
    return (",".join(quoted) if quoted != ("",) else '""') + "\r\n"


def write_markdown(table: TableFragment) -> str:
    """Return the table for a notebook's output, with cells between upright lines."""
    rows = [table.columns, tuple("---" for _ in table.columns), *zip(*table.data, strict=True)]
    return "\n".join("| " + " | ".join(map(_markdown_cell, row)) + " |" for row in rows)


def _markdown_cell(cell: str) -> str:
    return cell.replace("\n", " ").replace("|", "\\|")
