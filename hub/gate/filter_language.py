"""The language in which an author says which rows a table was made from: ``year >= 2020 and sex = 'f'``.

Invariants:

* a filter is parsed into values of this module and never run as code;
* it names columns of the dataset and compares them with constants, and can do nothing else;
* its length, its number of words and its depth are bounded before anything is made of it.

The grammar::

    any    = all ("or" all)*
    all    = part ("and" part)*
    part   = "not" part | "(" any ")" | column test
    test   = ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value
           | ["not"] "in" "(" value ("," value)* ")"
           | ["not"] "between" value "and" value
           | "is" ["not"] "null"
    column = a word, or anything in double quotes
    value  = a number, true, false, or a text, date or time in single quotes
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hub.domain.errors import InvalidError

LONGEST = 500
MOST_WORDS = 120
DEEPEST = 8

Value = str | float | int | bool

_WORD = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)(?![\w.])|'(?P<text>(?:[^']|'')*)'"
    r"|\"(?P<column>[^\"]+)\"|(?P<word>[^\W\d]\w*)|(?P<mark>==|!=|<>|<=|>=|[=<>(),]))"
)
_MARKS = {"==": "=", "<>": "!="}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_KEYWORDS = ("and", "or", "not", "in", "between", "is", "null", "true", "false")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column against a constant."""

    column: str
    mark: str
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """A column that has one of several constants."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """A column without a value."""

    column: str


@dataclass(frozen=True, slots=True)
class Not:
    """What another part does not take."""

    part: Node


@dataclass(frozen=True, slots=True)
class Both:
    """What every part takes (``all``), or at least one does."""

    parts: tuple[Node, ...]
    all: bool


Node = Comparison | Among | IsNull | Not | Both


def parse(text: str) -> Node:
    """Return what a filter says; raises InvalidError with what is wrong."""
    if len(text) > LONGEST:
        raise InvalidError(
            "A filter has at most {count} characters. Keep to what the table needs.",
            reason="filter-long",
            count=LONGEST,
        )
    parser = _Parser(list(_words(text)))
    node = parser.any_of(0)
    parser.expect("end", "")
    return node


def columns_of(node: Node) -> set[str]:
    """Return the columns that a filter names."""
    match node:
        case Not(part):
            return columns_of(part)
        case Both(parts):
            return {column for part in parts for column in columns_of(part)}
        case _:
            return {node.column}


def compared_columns(node: Node) -> set[str]:
    """Return the columns that a filter compares with constants, and not only with nothing."""
    match node:
        case Not(part):
            return compared_columns(part)
        case Both(parts):
            return {column for part in parts for column in compared_columns(part)}
        case IsNull():
            return set()
        case _:
            return {node.column}


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Cut a text into its words, each with its kind."""
    at, count, end = 0, 0, len(text.rstrip())
    while at < end:
        match = _WORD.match(text, at)
        count += 1
        if match is None or count > MOST_WORDS:
            raise _fault()
        kind = str(match.lastgroup)
        said = match[kind]
        if kind == "word" and said.casefold() in _KEYWORDS:
            kind, said = "key", said.casefold()
        elif kind == "word":
            kind = "column"
        yield kind, _MARKS.get(said, said) if kind == "mark" else said
        at = match.end()
    yield "end", ""


def _fault() -> InvalidError:
    return InvalidError(
        "The filter cannot be read. Write it like: year >= 2020 and income is not null, with texts in single quotes.",
        reason="filter-form",
    )


class _Parser:
    """Walks the words once, from left to right."""

    def __init__(self, words: list[tuple[str, str]]) -> None:
        self._words = words
        self._at = 0

    def _is(self, kind: str, said: str = "") -> bool:
        word = self._words[self._at]
        return word[0] == kind and (not said or word[1] == said)

    def _took(self, kind: str, said: str = "") -> bool:
        taken = self._is(kind, said)
        self._at += taken
        return taken

    def expect(self, kind: str, said: str) -> str:
        """Take a word, which has to be of the kind; the last word, the end, stays."""
        if not self._is(kind, said):
            raise _fault()
        word = self._words[self._at][1]
        self._at += kind != "end"
        return word

    def any_of(self, depth: int) -> Node:
        """Parts of which one is enough."""
        if depth > DEEPEST:
            raise _fault()
        parts = [self._all_of(depth)]
        while self._took("key", "or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts), all=False)

    def _all_of(self, depth: int) -> Node:
        parts = [self._part(depth)]
        while self._took("key", "and"):
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts), all=True)

    def _part(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise _fault()
        if self._took("key", "not"):
            return Not(self._part(depth + 1))
        if self._took("mark", "("):
            inner = self.any_of(depth + 1)
            self.expect("mark", ")")
            return inner
        return self._test(self.expect("column", ""))

    def _test(self, column: str) -> Node:
        if self._took("key", "is"):
            negated = self._took("key", "not")
            self.expect("key", "null")
            return Not(IsNull(column)) if negated else IsNull(column)
        if any(self._is("mark", mark) for mark in _COMPARISONS):
            return Comparison(column, self.expect("mark", ""), self._value())
        negated = self._took("key", "not")
        node = self._among(column) if self._took("key", "in") else self._between(column)
        return Not(node) if negated else node

    def _among(self, column: str) -> Node:
        self.expect("mark", "(")
        values = [self._value()]
        while self._took("mark", ","):
            values.append(self._value())
        self.expect("mark", ")")
        return Among(column, tuple(values))

    def _between(self, column: str) -> Node:
        self.expect("key", "between")
        low = self._value()
        self.expect("key", "and")
        return Both((Comparison(column, ">=", low), Comparison(column, "<=", self._value())), all=True)

    def _value(self) -> Value:
        if self._is("number"):
            said = self.expect("number", "")
            return int(said) if re.fullmatch(r"[+-]?\d{1,18}", said) else float(said)
        if self._is("text"):
            return self.expect("text", "").replace("''", "'")
        for word, value in (("true", True), ("false", False)):
            if self._took("key", word):
                return value
        raise _fault()
