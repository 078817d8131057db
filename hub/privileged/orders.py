"""Read the body of a call, so that what was checked is what the engine will understand.

Two readers of one text must not see two things in it: a key that stands there twice, or is written with escapes, or a
number that is none, is refused here, whatever the engine would make of it.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from hub.domain.errors import InvalidError

MOST_BYTES = 256 * 1024
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?', re.DOTALL)


def parse_order(body: bytes) -> dict[str, Any]:
    """Read one JSON object strictly; InvalidError when it can be read in more than one way, or is too long."""
    if len(body) > MOST_BYTES:
        raise _bad("it is too long")
    try:
        text = body.decode("utf-8")
        order = json.loads(text, object_pairs_hook=_without_twice, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _bad("it is not plain JSON") from None
    # In text that is JSON, a quotation mark outside of a string begins one, so this finds every string.
    if any("\\" in found[1] for found in _STRING.finditer(text) if found[2]):
        raise _bad("a key is written with escapes")
    if not isinstance(order, dict):
        raise _bad("it is no object")
    return order


def _bad(why: str) -> InvalidError:
    return InvalidError("The order cannot be read: {why}.", reason="order-unreadable", why=why)


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs) or len({key.casefold() for key in read}) < len(read):
        raise ValueError("a key stands there twice")
    return read


def _no_constant(_: str) -> NoReturn:
    raise ValueError("not a number")
