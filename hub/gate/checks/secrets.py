"""Secrets of the lab and of its people: keys, tokens, paths of machines; and payloads that hide what they are."""

from __future__ import annotations

import re

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.fragments import BlobFragment, Fragment, TextFragment
from hub.gate.views import text_of

_SECRETS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    ("a signed web token", re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}")),
    ("an access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("an access token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|xox[abp]-[\w-]{10,})")),
    (
        "a token or password",
        re.compile(
            r"(?i)\b\w{0,40}(?:token|password|passwd|mot_?de_?passe|secret|api_?key)\w{0,10}[\"']?\s{0,3}[:=]\s{0,3}"
            r"[\"']?(?=[\w+/.=-]*\d)[\w+/.=-]{12,}"
        ),
    ),
)
_PATH = re.compile(
    r"(?<![\w/.:-])/(?:home|root|etc|var|srv|mnt|media|run|proc|sys|boot|Users)/[\w.-]+|\b[A-Za-z]:\\\\?[\w.-]+"
)
_PAYLOAD = re.compile(r"(?:[A-Za-z0-9+/_-]{200,}|(?:[A-Za-z0-9+/]{60,80}\r?\n){4,})")


def secrets(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Private keys, tokens, passwords and paths of machines stay in the lab."""
    if isinstance(fragment, BlobFragment):
        return None
    text = text_of(fragment)
    findings = []
    for what, pattern in _SECRETS:
        match = pattern.search(text)
        if match:
            sentence = f"The text holds what looks like {what}. Take it out, and have it replaced where it is in use."
            findings.append(context.finding("secrets", Severity.BLOCK, _place(fragment, text, match), sentence))
    match = _PATH.search(text)
    if match:
        sentence = "The text holds a path of a machine or of a person's folder. Clear this output or shorten the path."
        findings.append(context.finding("paths", Severity.BLOCK, _place(fragment, text, match), sentence))
    return findings or None


def encoded_payload(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Text carries no long run of encoded bytes, since nobody can review what is in it."""
    text = "" if isinstance(fragment, BlobFragment) else text_of(fragment)
    match = _PAYLOAD.search(text)
    if match is None:
        return None
    sentence = "A long run of encoded characters cannot be read by anybody. Take it out; send pictures as PNG files."
    return [context.finding("encoded-payload", Severity.BLOCK, _place(fragment, text, match), sentence)]


def _place(fragment: Fragment, text: str, match: re.Match[str]) -> str:
    """Only a text has lines that its author knows."""
    if not isinstance(fragment, TextFragment):
        return fragment.place
    return f"{fragment.place}, line {text.count(chr(10), 0, match.start()) + 1}"


SECRETS = Check("secrets", secrets, claims=False)
ENCODED_PAYLOAD = Check("encoded-payload", encoded_payload, claims=False)
