"""Secrets of the lab and of its people: keys, tokens, paths of machines; and payloads that hide what they are."""

from __future__ import annotations

import re

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.places import line_place
from hub.gate.context import Context
from hub.gate.fragments import BlobFragment, Fragment
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
_PAYLOAD = Sought(re.compile(r"(?:[A-Za-z0-9+/_-]{200,}|(?:[A-Za-z0-9+/]{60,80}\r?\n){4,})"), "[A-Za-z0-9+/_-]{60}")


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
    """Text carries no long run of encoded bytes, since nobody can review what is in it."""
    match = _PAYLOAD.search(context.text(fragment))
    if match is None:
        return None
    sentence = "A long run of encoded characters cannot be read by anybody. Take it out; send pictures as PNG files."
    return [context.finding("encoded-payload", Severity.BLOCK, line_place(fragment, match), sentence)]


SECRETS = Check("secrets", secrets, claims=False)
ENCODED_PAYLOAD = Check("encoded-payload", encoded_payload, claims=False)
