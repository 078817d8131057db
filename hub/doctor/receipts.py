"""Promise 5, as a recipient sees it: receipts of the scene that were changed, and those of the lab's own releases."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial

from hub.adapters.secrets import Secret
from hub.adapters.signer import is_signature
from hub.doctor.refusals import control, refusal, refused
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.domain.releases import Release, crate_in, verify_file, verify_receipt
from hub.domain.signed_texts import one_form
from hub.domain.uploads import Stored
from hub.services.lab import Lab

FORGED = "receipt-signature"
MOST_RELEASES = 50


def receipts_tried(made: Release, key: bytes, verify: Callable[..., object] = verify_receipt) -> Iterator[Attempt]:
    """Verify a receipt as a recipient does, then one with a changed number, a changed signature and a changed file."""

    def signed(signature: bytes, message: bytes) -> bool:
        return is_signature(key, signature, message)

    tried = "Verify the receipt of a release, offline, as a control."
    good = partial(verify, made.receipt, signed)
    yield (first := control(Promise.RELEASES, "receipt", tried, "The receipt verifies.", good))
    if first.verdict is not Verdict.HOLDS:
        return
    body = json.loads(made.receipt)
    body["files"][0]["size"] += 1
    forged = one_form(body)
    tried = "Change one number of a receipt, and verify it."
    yield refusal(Promise.RELEASES, "receipt-changed", FORGED, tried, lambda: verify(forged, signed))
    signature = bytearray(base64.b64decode(json.loads(made.receipt)["signature"]))
    signature[0] ^= 1
    body = json.loads(made.receipt) | {"signature": base64.b64encode(bytes(signature)).decode()}
    other = one_form(body)
    tried = "Change one bit of a receipt's signature, and verify it."
    yield refusal(Promise.RELEASES, "signature-changed", FORGED, tried, lambda: verify(other, signed))
    file = made.files[0]
    tried = "Compare a file that differs by one bit with its receipt."
    yield refusal(
        Promise.RELEASES,
        "file-changed",
        "released-file-changed",
        tried,
        lambda: verify_file(file, Stored(_other(file.sha256), file.size)),
    )


def _other(digest: str) -> str:
    return ("1" if digest[0] == "0" else "0") + digest[1:]


def real_releases(lab: Lab) -> Iterator[Attempt]:
    """Sign with the lab's own key, and verify the receipts and the files of its latest releases."""
    tried = "Sign with the lab's own key, and verify with the key that recipients have."
    try:
        key = lab.settings.secret(Secret.PUBLIC).read_bytes()
        word = b"datalab doctor"
        good = is_signature(key, lab.signer.sign(word), word) and not is_signature(
            key, lab.signer.sign(word), word + b"."
        )
    except (LabError, OSError) as error:
        why = str(error)[:200]
        seen = f"The keys cannot be used: {why}"
        yield Attempt(Promise.RELEASES, "own-key", "host", tried, seen, Verdict.UNSEEN)
        return
    seen = "The signature verifies, and no other does." if good else "The two keys do not belong together."
    yield Attempt(Promise.RELEASES, "own-key", "host", tried, seen, Verdict.HOLDS if good else Verdict.BROKEN)
    yield _kept_releases(lab, key)


def _kept_releases(lab: Lab, key: bytes) -> Attempt:
    tried = "Verify the receipts and the files of the lab's latest releases."
    with lab.store.read() as reading:
        latest = reading.find(Release)[-MOST_RELEASES:]
    broken = [made.id for made in latest if refused(partial(_verified, lab, made, key))]
    names, count = ", ".join(broken[:5]), len(latest)
    seen = f"These do not verify: {names}." if broken else f"All of {count} releases verify."
    return Attempt(Promise.RELEASES, "kept", "host", tried, seen, Verdict.BROKEN if broken else Verdict.HOLDS)


def _verified(lab: Lab, made: Release, key: bytes) -> None:
    named = verify_receipt(made.receipt, lambda signature, message: is_signature(key, signature, message))
    for file, kept in zip(named, made.files, strict=True):
        verify_file(file, Stored(kept.sha256, kept.size))
        lab.vault.check(kept.sha256, kept.size)
    if (crate := crate_in(made.receipt)) is not None:
        lab.vault.check(crate.sha256, crate.size)
