"""Releases: approved canonical files with a signed receipt that anybody can verify offline.

Invariants:

* the receipt names every released file by its SHA-256 and size, the policy, the checks and the number of votes;
* the signature covers the canonical JSON of the whole receipt without its signature;
* the receipt names the release's crate by its SHA-256, so that one signature is of both;
* a receipt has one form, byte for byte: what reads as the same but is written otherwise is not trusted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.domain.audit import AuditEntry
from hub.domain.errors import InvalidError
from hub.domain.exceptions import GateException, Word
from hub.domain.exports import ExportRequest, contexts_of
from hub.domain.release_crate import CRATE_NAME
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


def receipt_bytes(body: dict[str, object]) -> bytes:
    """Return the bytes that are signed: canonical JSON of all but the signature."""
    unsigned = {key: value for key, value in body.items() if key != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def receipt_text(body: dict[str, object]) -> str:
    """Return the one form in which a receipt is written."""
    return json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def make_receipt(
    request: ExportRequest,
    lab: str,
    anchor: AuditEntry,
    now: datetime,
    sign: Callable[[bytes], bytes],
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
    body["signature"] = base64.b64encode(sign(receipt_bytes(body))).decode()
    return receipt_text(body)


def crate_named(crate: str) -> ReleasedFile:
    """Return a crate as the receipt names it."""
    content = crate.encode()
    return ReleasedFile(CRATE_NAME, hashlib.sha256(content).hexdigest(), len(content))


def crate_in(receipt: str) -> ReleasedFile | None:
    """Return the crate that a receipt names, which was verified before; none in one from before there were crates."""
    named = json.loads(receipt).get("crate")
    return None if named is None else ReleasedFile(str(named["name"]), str(named["sha256"]), int(named["size"]))


def verify_receipt(text: str, is_signature: Callable[[bytes, bytes], bool]) -> tuple[ReleasedFile, ...]:
    """Return the files that a receipt names, or say why it is not to be trusted."""
    refusal = InvalidError("This is no receipt of a data lab.", reason="not-a-receipt")
    try:
        body = json.loads(text)
        signature = base64.b64decode(body["signature"], validate=True)
        files = tuple(ReleasedFile(str(f["name"]), str(f["sha256"]), int(f["size"])) for f in body["files"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise refusal from None
    if body.get("format") != RECEIPT_FORMAT:
        raise refusal
    # A key that stands twice would be read as one thing by people and as another here, and so would spare signs.
    exact = receipt_text(body) == text and base64.b64encode(signature).decode() == body["signature"]
    if not exact or not is_signature(signature, receipt_bytes(body)):
        raise InvalidError(
            "The receipt was changed, or another key signed it: do not trust it.", reason="receipt-signature"
        )
    return files


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
