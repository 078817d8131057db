"""Secrets of the lab and of its people: keys, tokens, paths of machines; and payloads that hide what they are."""

from __future__ import annotations

import re
from itertools import pairwise

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.places import line_place
from hub.gate.context import Context
from hub.gate.fragments import LONG_PAYLOAD, BlobFragment, Fragment, PayloadFragment
from hub.gate.full_text import Sought

_SECRETS: tuple[tuple[str, Sought], ...] = (
    ("a private key", Sought(re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"), "PRIVATE KEY-----")),
    ("a signed web token", Sought(re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"), "eyJ")),
    ("an access key", Sought(re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), "(?:AKIA|ASIA)[0-9A-Z]{16}")),
    (
        "an access token",
        Sought(
            re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|xox[abp]-[\w-]{10,})"),
            "gh[pousr]_|glpat-|xox[abp]-",
        ),
    ),
    (
        "a token or password",
        Sought(
            re.compile(
                r"(?i)\b\w{0,40}(?:token|password|passwd|mot_?de_?passe|secret|api_?key)\w{0,10}[\"']?\s{0,3}[:=]\s{0,3}"
                r"[\"']?(?=[\w+/.=-]*\d)[\w+/.=-]{12,}"
            ),
            "(?i)token|passw|mot_?de_?passe|secret|ap[iıİ]_?key",
        ),
    ),
)
_PATH = Sought(
    re.compile(
        r"(?<![\w/.:-])/(?:home|root|etc|var|srv|mnt|media|run|proc|sys|boot|Users)/[\w.-]+|\b[A-Za-z]:\\\\?[\w.-]+"
    ),
    r"/(?:home|root|etc|var|srv|mnt|media|run|proc|sys|boot|Users)/|:\\",
)
PAYLOAD = "encoded-payload"
_LONG_RUN = "A long run of encoded characters cannot be read by anybody. Take it out; send pictures as PNG files."
_PAYLOAD = Sought(re.compile(r"(?:[A-Za-z0-9+/_-]{200,}|(?:[A-Za-z0-9+/]{60,80}\r?\n){4,})"), "[A-Za-z0-9+/_-]{60}")
_DENSE = Sought(re.compile(r"\S{200,}+"), r"[^ \t\r\n]{200}")
_SIGNS = frozenset("!#$%&()*+;<=>?@\\^_`|~")
_MOST_SIGNS = 12
_WORD = Sought(re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+"), "[A-Za-z0-9+/_-]{24}")
_CHANGES = 0.45


def secrets(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Private keys, tokens, passwords and paths of machines stay in the lab."""
    if isinstance(fragment, BlobFragment):
        return None
    said = context.text(fragment)
    findings = []
    for what, sought in _SECRETS:
        match = sought.search(said)
        if match:
            sentence = f"The text holds what looks like {what}. Take it out, and have it replaced where it is in use."
            findings.append(context.finding("secrets", Severity.BLOCK, line_place(fragment, match), sentence))
    match = _PATH.search(said)
    if match:
        sentence = "The text holds a path of a machine or of a person's folder. Clear this output or shorten the path."
        findings.append(context.finding("paths", Severity.BLOCK, line_place(fragment, match), sentence))
    return findings or None


def encoded_payload(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Text carries no long run of encoded characters, since nobody can review what is in it.

    What can be decoded is, again and again, and every check judges what comes out; packed or binary bytes that are
    written as text are read by a steward however short they are, and so are many short runs that say nothing.
    """
    if isinstance(fragment, PayloadFragment):
        return _decoded(fragment, context)
    said = context.text(fragment)
    match = _PAYLOAD.search(said) or next((m for m in _DENSE.finditer(said) if _is_noise(m[0])), None)
    if match is not None:
        return [context.finding(PAYLOAD, Severity.BLOCK, line_place(fragment, match), _LONG_RUN)]
    noise = [m for m in _WORD.finditer(said) if _is_random(m[0])]
    if sum(len(m[0]) for m in noise) < LONG_PAYLOAD:
        return None
    sentence = (
        "Many runs of characters stand here that say nothing to a reader and may be encoded data. A steward looks what "
        "they are; take them out, or say it in the context."
    )
    return [context.finding(PAYLOAD, Severity.REVIEW, line_place(fragment, noise[0]), sentence)]


def _decoded(run: PayloadFragment, context: Context) -> list[Finding]:
    if run.characters >= LONG_PAYLOAD:
        return [context.finding(PAYLOAD, Severity.BLOCK, run.place, _LONG_RUN)]
    if not run.packed:
        return []
    sentence = "Packed or binary data are written as text here. A steward looks at them; send what is in them, plainly."
    return [context.finding(PAYLOAD, Severity.REVIEW, run.place, sentence)]


def _is_noise(run: str) -> bool:
    """A long run with nearly every sign of the keyboard in it is base85 or the like, and no code or table."""
    return len(_SIGNS & set(run)) >= _MOST_SIGNS


def _is_random(word: str) -> bool:
    """Capitals, small letters and digits change more often than in any name."""
    kinds = [("A" if c.isupper() else "a" if c.islower() else "0") for c in word]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(set(kinds)) == 3 and changes >= _CHANGES * len(word)


SECRETS = Check("secrets", secrets, claims=False)
ENCODED_PAYLOAD = Check(PAYLOAD, encoded_payload)
