"""What programs leave in outputs: tracebacks that quote values, names of machines, and letters that pose as others."""

from __future__ import annotations

import re
import unicodedata

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.places import line_place
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.full_text import Sought
from hub.gate.lookalikes import plain_letters

_TRACEBACK = Sought(
    re.compile(
        r"Traceback \(most recent call last\)|^\s*File \"[^\"\n]{1,300}\", line \d+"
        r"|^(?:\w+\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Warning): .{0,400}?(?:['\"‘“`].|\d)",
        re.MULTILINE,
    ),
    'Traceback|File "|(?:Error|Exception|Warning): ',
)
_HOST = Sought(
    re.compile(
        r"(?i)(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,5}(?:local|lan|intra|intranet|internal|corp|localdomain|home\.arpa)(?![\w.-])"
        r"|(?<![\w.])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}"
        r"|127\.0\.0\.\d{1,3})(?![\w.])"
    ),
    r"(?i)\.(?:local|lan|[iıİ]nt(?:ra|ernal)|corp|home\.arpa)|10(?:\.\d{1,3}){3}|192\.168\.|172\.\d\d\.\d|127\.0\.0\.",
)
_WORD = re.compile(r"\w{2,}")
_POSING = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def tracebacks(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Tracebacks and messages of errors do not leave: they quote values and code, and are no results."""
    return _found(
        fragment,
        context,
        _TRACEBACK,
        "tracebacks",
        "A traceback or a message of an error stands here, which may quote values. Clear this output and run it again.",
    )


def hosts(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Names and addresses of machines inside a network stay in the lab."""
    return _found(
        fragment, context, _HOST, "hosts", "The name or address of a machine inside a network stands here. Take it out."
    )


def confusables(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A word whose letters or digits look like others is read by a steward, since it can carry a mark.

    It mixes alphabets that look alike, is written in letters that look like Latin ones alone, or in styled ones.
    """
    text = context.text(fragment).text
    if text.isascii():
        return None
    words = (m for m in _WORD.finditer(text) if not m[0].isascii())
    match = next((m for m in words if _is_mixed(m[0]) or plain_letters(m[0]) != m[0]), None)
    if match is None and plain_letters(text) == text:
        return None
    sentence = "A word mixes letters of alphabets that look alike. A steward reads it; write it in one alphabet."
    place = line_place(fragment, match) if match else fragment.place
    return [context.finding("confusables", Severity.REVIEW, place, sentence)]


def _is_mixed(word: str) -> bool:
    """Latin letters beside such of an alphabet whose letters pose as Latin ones."""
    names = {unicodedata.name(character, "").partition(" ")[0] for character in word}
    return "LATIN" in names and any(name in names for name in _POSING)


def _found(
    fragment: Fragment, context: Context, sought: Sought, identifier: str, sentence: str
) -> list[Finding] | None:
    match = sought.search(context.text(fragment))
    if match is None:
        return None
    return [context.finding(identifier, Severity.BLOCK, line_place(fragment, match), sentence)]


TRACEBACKS = Check("tracebacks", tracebacks, claims=False)
HOSTS = Check("hosts", hosts, claims=False)
CONFUSABLES = Check("confusables", confusables, claims=False)
