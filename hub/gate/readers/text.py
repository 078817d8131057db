"""Reads text: UTF-8 without NUL and without control characters but tab and line ends."""

from __future__ import annotations

import re

from hub.gate.fragments import TextFragment
from hub.gate.refusals import ReadRefusedError, RefusalReason

# Escape sequences colour what programs print; they are taken out by the canonical writer, so they pass here.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decode(content: bytes) -> str:
    """Return the text of UTF-8 bytes, without the mark of their order; everything else is refused."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ReadRefusedError(RefusalReason.NOT_UTF8, row=line) from None
    control = _CONTROL.search(text)
    if control:
        raise ReadRefusedError(RefusalReason.CONTROL_CHARACTERS, row=text.count("\n", 0, control.start()) + 1)
    return text


def read_text(content: bytes) -> tuple[TextFragment, ...]:
    """Read a text as one fragment."""
    return (TextFragment(text=decode(content)),)
