"""Which releases were revoked: a signed list that recipients keep, and hold receipts against without the lab.

Invariants:

* a release stands in it as the SHA-256 of its identifier: who has the receipt finds it, and nobody reads others' names;
* the signature covers the canonical JSON of the whole list without its signature, as a receipt's does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from hub.domain.errors import ConflictError, InvalidError
from hub.domain.releases import receipt_bytes, receipt_text

REVOCATIONS_FORMAT = "datalab-revocations/1"


def mark_of(release: str) -> str:
    """Return what stands in the list for a release."""
    return hashlib.sha256(f"datalab-revoked:{release}".encode()).hexdigest()


def make_revocations(revoked: Iterable[str], lab: str, now: datetime, sign: Callable[[bytes], bytes], key: str) -> str:
    """Make the signed list of the releases that were revoked so far."""
    body: dict[str, object] = {
        "format": REVOCATIONS_FORMAT,
        "lab": lab,
        "issued": now.astimezone(UTC).isoformat(timespec="seconds"),
        "revoked": sorted(map(mark_of, revoked)),
        "key": key,
    }
    body["signature"] = base64.b64encode(sign(receipt_bytes(body))).decode()
    return receipt_text(body)


def verify_not_revoked(text: str, release: str, is_signature: Callable[[bytes, bytes], bool]) -> str:
    """Return when the list was issued that a release is not on; say why where it is, or where the list is none."""
    refusal = InvalidError("This is no list of revoked releases of a data lab.", reason="not-revocations")
    try:
        body = json.loads(text)
        signature = base64.b64decode(body["signature"], validate=True)
        marks, issued = [str(mark) for mark in body["revoked"]], str(body["issued"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise refusal from None
    if body.get("format") != REVOCATIONS_FORMAT:
        raise refusal
    exact = receipt_text(body) == text and base64.b64encode(signature).decode() == body["signature"]
    if not exact or not is_signature(signature, receipt_bytes(body)):
        raise InvalidError(
            "The list of revoked releases was changed, or another key signed it: do not trust it.",
            reason="revocations-signature",
        )
    if mark_of(release) in marks:
        raise ConflictError(
            "The release {id} was revoked by the lab, as its list of {issued} says: do not use it.",
            reason="release-revoked",
            id=release,
            issued=issued,
        )
    return issued
