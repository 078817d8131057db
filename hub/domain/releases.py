"""Releases: approved canonical files with a signed receipt that anybody can verify offline.

Invariants:

* the receipt names every released file by its SHA-256 and size, the policy, the checks and the number of votes;
* the receipt names the release's crate by its SHA-256, so that one signature is of both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.domain.audit import AuditEntry
from hub.domain.errors import ConflictError, InvalidError
from hub.domain.exceptions import GateException, Word
from hub.domain.exports import ExportRequest, contexts_of
from hub.domain.release_crate import CRATE_NAME
from hub.domain.signed_texts import IsSignature, Sign, signed_text, verified_body
from hub.domain.uploads import Stored
from hub.domain.votes import approvals

RECEIPT_FORMAT = "datalab-receipt/1"


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """One file that left, as people reviewed it."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Release:
    """What left the lab; ``receipt`` is the signed JSON text, ``id`` the one of its export request."""

    id: str
    project: str
    released_by: str
    created: datetime
    files: tuple[ReleasedFile, ...]
    receipt: str
    revoked: datetime | None = None
    revoked_reason: str = ""


def check_stands(release: Release) -> None:
    """A release that was revoked is fetched by nobody, and is not opened again."""
    if release.revoked is not None:
        raise ConflictError("The release {id} was revoked.", reason="release-revoked", id=release.id)


def make_receipt(
    request: ExportRequest,
    lab: str,
    anchor: AuditEntry,
    now: datetime,
    sign: Sign,
    key: str,
    excepted: Iterable[GateException] = (),
    crate: str = "",
) -> str:
    """Make the signed receipt of an approved request; ``key`` is the fingerprint of the lab's public key.

    ``excepted`` are the exceptions by which findings kept nothing from leaving: the receipt says so. ``crate`` is the
    text of the release's crate.
    """
    contexts = contexts_of(request)
    body: dict[str, object] = {
        "format": RECEIPT_FORMAT,
        "lab": lab,
        "request": request.id,
        "project": request.project,
        "released": now.astimezone(UTC).isoformat(timespec="seconds"),
        "files": [
            {
                "name": f.canonical_name,
                "sha256": f.canonical,
                "size": f.canonical_size,
                "approvals": len(approvals(request, f, contexts)),
                "checks": sorted({finding.check for finding in f.findings}),
            }
            for f in request.files
        ],
        "exceptions": [
            {
                "check": e.check,
                "sha256": e.canonical,
                "ground": e.ground.value,
                "grants": len({v.steward for v in e.votes if v.word is Word.GRANT}),
            }
            for e in excepted
        ],
        "snapshots": request.snapshots,
        "policy": request.policy,
        "engine": request.engine,
        "audit": {"seq": anchor.seq, "digest": anchor.digest},
        "key": key,
    }
    if crate:
        named = crate_named(crate)
        body["crate"] = {"name": named.name, "sha256": named.sha256, "size": named.size}
    return signed_text(body, sign)


def crate_named(crate: str) -> ReleasedFile:
    """Return a crate as the receipt names it."""
    content = crate.encode()
    return ReleasedFile(CRATE_NAME, hashlib.sha256(content).hexdigest(), len(content))


def crate_in(receipt: str) -> ReleasedFile | None:
    """Return the crate that a receipt names, which was verified before; none in one from before there were crates."""
    named = json.loads(receipt).get("crate")
    return None if named is None else ReleasedFile(str(named["name"]), str(named["sha256"]), int(named["size"]))


def verify_receipt(text: str, is_signature: IsSignature) -> tuple[ReleasedFile, ...]:
    """Return the files that a receipt names, or say why it is not to be trusted."""
    unlike = InvalidError("This is no receipt of a data lab.", reason="not-a-receipt")
    forged = InvalidError(
        "The receipt was changed, or another key signed it: do not trust it.", reason="receipt-signature"
    )
    body = verified_body(text, RECEIPT_FORMAT, is_signature, unlike, forged)
    try:
        return tuple(ReleasedFile(str(f["name"]), str(f["sha256"]), int(f["size"])) for f in body["files"])
    except (ValueError, KeyError, TypeError):
        raise unlike from None


def verify_file(file: ReleasedFile, stored: Stored) -> None:
    """A released file is byte for byte what the receipt names."""
    if (stored.sha256, stored.size) != (file.sha256, file.size):
        raise InvalidError(
            "The file {name} is not the one that was released: its bytes differ.",
            reason="released-file-changed",
            name=file.name,
        )


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the raw public key: what people compare by eye."""
    return hashlib.sha256(public_key).hexdigest()
