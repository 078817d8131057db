"""Free text as a parameter of a run: what a person may type where an approver accepted any text.

Papermill writes a value into a cell, escaped, and the runner holds the cell against the value. This rule comes before
both: nothing of which code or a format is made can be typed at all.
"""

from __future__ import annotations

import unicodedata

from hub.domain.errors import InvalidError

LONGEST_TEXT = 200
SIGNS = frozenset(" -'’.,/")
"""What a free text may have beside letters and digits."""
LAST_LATIN = 0x180
"""Behind Latin Extended-A come letters of phonetics and of old scripts, which look like others."""


def check_text(name: str, value: object) -> str:
    """A free text is short, and is written in Latin letters in their usual form.

    Letters of other scripts look like Latin ones, and signs that are not seen hide what is said, so both are refused.
    """
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and _is_plain(value):
        return value
    raise InvalidError(
        "The parameter {name} takes at most {most} Latin letters, digits, spaces and the signs - ' . , /",
        reason="parameter-value",
        name=name,
        most=LONGEST_TEXT,
    )


def _is_plain(text: str) -> bool:
    usual = text == unicodedata.normalize("NFC", text).strip()
    return usual and all(sign in SIGNS or _is_plain_sign(sign) for sign in text)


def _is_plain_sign(sign: str) -> bool:
    if sign.isascii():
        return sign.isalnum()
    return ord(sign) < LAST_LATIN and unicodedata.name(sign, "").startswith("LATIN ") and sign.isalpha()
