"""JSON documents as they leave: sorted keys, bounded digits, clean texts."""

from __future__ import annotations

import json
import math

from pydantic import JsonValue

from hub.gate.canonical_table import bounded
from hub.gate.canonical_text import clean_block
from hub.gate.refusals import ReadRefusedError, RefusalReason


def canonical_value(value: JsonValue, digits: int) -> JsonValue:
    """Return the document as it leaves; two keys that become one, and a number that rounds to none, are refused."""
    if isinstance(value, str):
        return clean_block(value)
    if isinstance(value, float):
        number = float(bounded(repr(value), digits))
        if math.isinf(number):
            raise ReadRefusedError(RefusalReason.STRANGE_NUMBER)
        return number
    if isinstance(value, list):
        return [canonical_value(part, digits) for part in value]
    if isinstance(value, dict):
        made = {clean_block(key): canonical_value(part, digits) for key, part in value.items()}
        if len(made) != len(value):
            raise ReadRefusedError(RefusalReason.REPEATED_KEY)
        return made
    return value


def write_json(value: JsonValue) -> bytes:
    """Return the bytes: sorted keys, one entry on a line, UTF-8."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
