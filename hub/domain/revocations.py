"""Which releases were revoked: a signed list that recipients keep, and hold receipts against without the lab.

Invariants:

* a release stands in it as the SHA-256 of its identifier: who has the receipt finds it, and nobody reads others' names;
* a list from before a release says nothing of it, and is never taken to clear it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from hub.domain.errors import ConflictError, InvalidError
from hub.domain.signed_texts import IsSignature, Sign, signed_text, verified_body

REVOCATIONS_FORMAT = "datalab-revocations/1"


def mark_of(release: str) -> str:
    """Return what stands in the list for a release."""
    return hashlib.sha256(f"datalab-revoked:{release}".encode()).hexdigest()


def make_revocations(revoked: Iterable[str], lab: str, now: datetime, sign: Sign, key: str) -> str:
    """Make the signed list of the releases that were revoked so far."""
    body: dict[str, object] = {
        "format": REVOCATIONS_FORMAT,
        "lab": lab,
        "issued": now.astimezone(UTC).isoformat(timespec="seconds"),
        "revoked": sorted(map(mark_of, revoked)),
        "key": key,
    }
    return signed_text(body, sign)


def verify_not_revoked(text: str, receipt: str, is_signature: IsSignature) -> str:
    """Return when the list was issued that a release is not on; say why where it is, or where the list says nothing.

    The release's receipt was verified before.
    """
    unlike = InvalidError("This is no list of revoked releases of a data lab.", reason="not-revocations")
    forged = InvalidError(
        "The list of revoked releases was changed, or another key signed it: do not trust it.",
        reason="revocations-signature",
    )
    body = verified_body(text, REVOCATIONS_FORMAT, is_signature, unlike, forged)
    made = json.loads(receipt)
    release = str(made["request"])
    try:
        marks, issued = {str(mark) for mark in body["revoked"]}, str(body["issued"])
        is_older = datetime.fromisoformat(issued) < datetime.fromisoformat(made["released"])
    except (ValueError, KeyError, TypeError):
        raise unlike from None
    if mark_of(release) in marks:
        raise ConflictError(
            "The release {id} was revoked by the lab, as its list of {issued} says: do not use it.",
            reason="release-revoked",
            id=release,
            issued=issued,
        )
    if is_older:
        raise InvalidError(
            "The list of revoked releases is of {issued}, from before the release {id} was made, and says nothing of "
            "it: fetch a newer one.",
            reason="revocations-older",
            id=release,
            issued=issued,
        )
    return issued
