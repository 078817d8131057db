"""Reads JSON strictly: no key twice, no NaN, bounded depth and numbers."""

from __future__ import annotations

import json
import math
import re

from pydantic import JsonValue

from hub.gate.fragments import ValueFragment
from hub.gate.readers.text import decode
from hub.gate.refusals import ReadRefusedError, RefusalReason

DEEPEST = 32
MOST_NODES = 1_000_000
LONGEST_NUMBER = 30
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z|\\\Z)|[\[\]{},]', re.DOTALL)
"""A text that does not end goes to the end of all, so that nothing is looked at twice."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(content: bytes) -> tuple[ValueFragment, ...]:
    """Read a document; a notebook under another name is refused, since its cells would go unread."""
    value = parse_json(content)
    if isinstance(value, dict) and "nbformat" in value and "cells" in value:
        raise ReadRefusedError(RefusalReason.KIND_MISMATCH)
    if not _says_something(value):
        raise ReadRefusedError(RefusalReason.NO_VALUES)
    return (ValueFragment(value=value),)


def _says_something(value: JsonValue) -> bool:
    """Whether there is a value, or a name, anywhere within the brackets."""
    if isinstance(value, list):
        return any(map(_says_something, value))
    return bool(value) if isinstance(value, dict) else True


def parse_json(content: bytes) -> JsonValue:
    """Parse one JSON document that fills the whole content."""
    text = decode(content)
    _check_depth(text)
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_number,
            parse_int=_integer,
            parse_float=_number,
        )
    except (json.JSONDecodeError, RecursionError) as error:
        row = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise ReadRefusedError(RefusalReason.BROKEN_JSON, row=row) from None
    _check_surrogates(text, value)
    return value


def _check_surrogates(text: str, value: JsonValue) -> None:
    """Half of an escaped pair is no character, and no program reads it the same way."""
    if not _SURROGATE.search(text):
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ReadRefusedError(RefusalReason.BROKEN_JSON) from None


def _check_depth(text: str) -> None:
    """Count brackets outside of strings before anything recurses over them."""
    depth = 0
    for nodes, mark in enumerate(_MARKS.finditer(text)):
        character = mark.group()
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth > DEEPEST:
            raise ReadRefusedError(RefusalReason.DEEP_JSON)
        if nodes > MOST_NODES:
            raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ReadRefusedError(RefusalReason.REPEATED_KEY)
    return made


def _refuse_number(_: str) -> JsonValue:
    raise ReadRefusedError(RefusalReason.STRANGE_NUMBER)


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ReadRefusedError(RefusalReason.STRANGE_NUMBER)
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if len(text) > LONGEST_NUMBER or not math.isfinite(number):
        raise ReadRefusedError(RefusalReason.STRANGE_NUMBER)
    return number
