"""Data pasted into the source of a notebook: literals of tables and texts, read as Python and never run.

What is found stands in the source, too, which the checks judge as it is; here it is a table again, so that rows of a
dataset are found in it in whatever way Python lets them be written. These fragments keep the slot of their source.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from pydantic import JsonValue

from hub.gate.fragments import MOST_COLUMNS, Fragment, Slot, TableFragment, TextFragment, is_source
from hub.gate.json_tables import document_tables
from hub.gate.readers.documents import parse_json
from hub.gate.readers.documents_within import strings
from hub.gate.readers.readable import readable
from hub.gate.refusals import ReadRefusedError, RefusalReason

_LONGEST = 1_000_000
_LEAST_TEXT = 20
_FEWEST_ROWS = 2
_LARGEST = 10**30
_LAST_LETTER = 0x10FFFF
_MAGIC = re.compile(r"^\s*[%!?].*$", re.MULTILINE)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

Others = set[int]
"""The nodes of a tree, by their ids, of which it is known that they are no text of literals."""


def literals(part: Fragment) -> Iterator[Fragment]:
    """Return the tables and texts that a code cell's source holds as literals."""
    if not isinstance(part, TextFragment) or not is_source(part) or not part.slot or len(part.text) > _LONGEST:
        return
    found = [value for tree in _trees(part.text) for value in _found(tree)]
    for number, value in enumerate([*found, *_side_by_side(found)]):
        yield from _fragments(f"{part.place}!literal[{number}]", part.slot, part.text, value)


def _trees(source: str) -> list[ast.AST]:
    """The source as Python, without the lines that only IPython knows; else each pair of brackets by itself."""
    whole = _parsed(_MAGIC.sub("", source))
    if whole is not None:
        return [whole]
    trees = (_parsed(span) for span in _spans(source))
    return [tree for tree in trees if tree is not None]


def _parsed(source: str) -> ast.AST | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.strip())
    except (SyntaxError, ValueError):
        return None
    except (RecursionError, MemoryError):
        # Python could read it, and only its depth hides what is in it.
        raise ReadRefusedError(RefusalReason.DEEP_SOURCE) from None


def _spans(source: str) -> Iterator[str]:
    """The outermost pairs of brackets of a source that is no Python as a whole."""
    waiting: list[str] = []
    start = 0
    for at, character in enumerate(source):
        if character in _BRACKETS:
            start = at if not waiting else start
            waiting.append(_BRACKETS[character])
        elif waiting and character == waiting[-1]:
            waiting.pop()
            if not waiting:
                yield source[start : at + 1]


def _found(tree: ast.AST) -> Iterator[JsonValue | bytes]:
    """The outermost literals."""
    waiting: list[ast.AST] = [tree]
    others: Others = set()
    while waiting:
        node = waiting.pop()
        value: JsonValue | bytes = _text_of(node, others)
        if value is None and isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Constant)):
            value = _value(node, others)
        if isinstance(value, list | dict | str | bytes):
            yield value
        else:
            # The parts of a long sum are looked at once, and not with each part of it anew.
            waiting += _parts(node) if _is_sum(node) else ast.iter_child_nodes(node)


def _is_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _parts(node: ast.AST) -> list[ast.AST]:
    """What a sum is made of, from its end to its beginning."""
    found: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        found.append(node.right)
        node = node.left
    return [*found, node]


def _text_of(node: ast.AST, others: Others) -> str | bytes | None:
    """The text that is put together of literals; a part that makes none is not tried again with what it stands in."""
    text = _put_together(node, others) if id(node) not in others else None
    if text is None:
        others.add(id(node))
    return text


def _put_together(node: ast.AST, others: Others) -> str | bytes | None:
    """A text that is put together by plus signs, by joining a list, or of codes of letters."""
    match node:
        case ast.BinOp(op=ast.Add()):
            return _one([_text_of(part, others) for part in reversed(_parts(node))])
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str() as mark), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            texts = [_text_of(part, others) for part in parts]
            # A long mark between many texts would be more than memory holds, and says no more than once.
            between = mark if len(mark) * len(texts) <= _LONGEST else ""
            return between.join(map(str, texts)) if all(isinstance(text, str) for text in texts) else None
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int() as code)]):
            return chr(code) if 0 <= code <= _LAST_LETTER else None
        case ast.Constant(value=str() | bytes() as value):
            return value
    return None


def _one(parts: list[str | bytes | None]) -> str | bytes | None:
    """Texts, or bytes, behind each other."""
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    some = [part for part in parts if isinstance(part, bytes)]
    return b"".join(some) if len(some) == len(parts) else None


def _side_by_side(found: list[JsonValue | bytes]) -> Iterator[JsonValue]:
    """Lists of as many plain values each are the columns of a table, under whatever names."""
    lists = [value for value in found if isinstance(value, list) and len(value) >= _FEWEST_ROWS and not _nests(value)]
    for length in sorted({len(value) for value in lists}):
        same = [value for value in lists if len(value) == length]
        if len(same) > 1:
            yield {str(number): value for number, value in enumerate(same)}


def _nests(value: list[JsonValue]) -> bool:
    return any(isinstance(inner, list | dict) for inner in value)


def _value(node: ast.AST, others: Others) -> JsonValue | bytes:
    """The plain value of a literal; what is computed in it counts as missing, unless it is a text of literals."""
    text = _text_of(node, others)
    if text is not None:
        return text
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return [_plain(part, others) for part in parts]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {str(_plain(key, others)): _plain(value, others) for key, value in pairs if key}
        case ast.Call(args=[first, *_]):
            # As in Timestamp("2020-01-01"), Decimal("1.5") and array([1, 2]).
            return _plain(first, others)
    return None


def _plain(node: ast.AST, others: Others) -> JsonValue:
    value = _value(node, others)
    if isinstance(value, bytes):
        return readable(value) or value.hex()
    # A number that is longer than any is written in another way, since Python writes none of so many digits.
    return hex(value) if isinstance(value, int) and abs(value) > _LARGEST else value


def _fragments(place: str, slot: Slot, source: str, value: JsonValue | bytes) -> Iterator[Fragment]:
    if isinstance(value, bytes):
        value = readable(value) or value.hex()
    value = _document(value) if isinstance(value, str) else value
    lines = "\n".join(strings(value))
    if len(lines) >= _LEAST_TEXT and lines not in source:
        yield TextFragment(place=place, slot=slot, text=lines)
    for inner, grid in document_tables("", value):
        if len(grid) > _FEWEST_ROWS and 1 < len(grid[0]) <= MOST_COLUMNS:
            header, *rows = grid
            data = tuple(zip(*rows, strict=True))
            yield TableFragment(place=f"{place}{inner}"[:180], slot=slot, nested=True, columns=tuple(header), data=data)


def _document(text: str) -> JsonValue:
    """The document that a text is, if it is one."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return parse_json(text.encode("utf-8", "replace"))
    except ReadRefusedError:
        return text
