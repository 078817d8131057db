"""The story's last parts: votes, the release with its receipt, and the audit log."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hub.cli import audit
from hub.cli.client import Json, place
from hub.cli.files import write_new
from hub.cli.receipt import verified
from hub.cli.release import RECEIPT, fetch
from hub.cli.votes import cast_vote
from hub.demo.people import AUDITOR, HEALTH_STEWARD, JOBS_STEWARD, RESEARCHER
from hub.demo.story_exports import mended_request
from hub.demo.story_stage import Seen, Stage, check, refused
from hub.domain.ballots import Decision
from hub.domain.release_crate import place_of

REASON = "Every group has 11 people or more, and none can be told from the others"
VOTING = ("submitted", "in_review")
KEY = "lab.pub"
CHANGED_ENTRY = 20
"""Which entry of the audit log's copy is changed."""


def requester_cannot_vote(stage: Stage) -> Seen:
    """The requester's own vote is refused."""
    found = mended_request(stage)
    lab = stage.portal(RESEARCHER)
    return Seen("refused", refused(lambda: cast_vote(lab, found, Decision.APPROVE, REASON), "own-request"))


def stewards_vote(stage: Stage) -> Seen:
    """Two stewards who are no members of the project look at the canonical file and approve it."""
    for steward in (JOBS_STEWARD, HEALTH_STEWARD):
        found = mended_request(stage)
        if found["state"] in VOTING and steward not in {v["steward"] for v in found["votes"]}:
            _look_and_approve(stage, steward, found)
    found = mended_request(stage)
    stewards = sorted({v["steward"] for v in found["votes"] if v["decision"] == "approve"})
    check(found["state"] in ("approved", "releasing", "released"), f"two votes approve it (it is {found['state']})")
    return Seen("approved", f"by {' and '.join(stewards)}, under policy {found['policy'][:12]}…")


def _look_and_approve(stage: Stage, steward: str, listed: Json) -> None:
    lab = stage.portal(steward)
    seen = lab.get(place("exports", listed["id"]))
    for file in seen["files"]:
        lab.download(place("exports", seen["id"], "canonical"), path=file["path"])
    cast_vote(lab, seen, Decision.APPROVE, REASON)


def make_release(stage: Stage) -> Seen:
    """A steward releases it; the requester takes the files, the receipt and the lab's key along."""
    found = mended_request(stage)
    if found["state"] != "released":
        stage.portal(JOBS_STEWARD).post(place("exports", found["id"], "release"))
    folder = release_folder(stage, found)
    if not (folder / KEY).exists():
        lab = stage.portal(RESEARCHER)
        fetch(lab, found["id"], folder)
        write_new(folder, KEY, lab.get("/key")["pem"].encode())
    return Seen("released", f"{found['id']} in {folder}")


def release_folder(stage: Stage, found: Json) -> Path:
    """Where the story keeps what left the lab."""
    return stage.settings.state / "demo" / str(found["id"])


def verify_receipt(stage: Stage) -> Seen:
    """The receipt and the files are verified offline; one changed byte, in a file or in the receipt, is refused."""
    folder = release_folder(stage, mended_request(stage))
    receipt, key = folder / RECEIPT, folder / KEY
    named = verified(receipt, key, folder)
    with tempfile.TemporaryDirectory(prefix="datalab-demo-") as other:
        for file in named:
            lies = place_of(file.name)
            write_new(Path(other), lies, _one_bit_changed((folder / lies).read_bytes()))
        file_said = refused(lambda: verified(receipt, key, Path(other)), "released-file-changed")
        text = receipt.read_text(encoding="utf-8").replace(named[0].sha256, "0" * 64)
        forged = write_new(Path(other), "forged.json", text.encode())
        receipt_said = refused(lambda: verified(forged, key, None), "receipt-signature")
    return Seen("valid", f"{len(named)} file; changed file: “{file_said}” changed receipt: “{receipt_said}”")


def _one_bit_changed(content: bytes) -> bytes:
    return content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]


def verify_audit(stage: Stage) -> Seen:
    """The chain of everything that happened is walked; one changed row of a copy is found and named."""
    with tempfile.TemporaryDirectory(prefix="datalab-demo-") as folder:
        log = Path(folder) / "audit.jsonl"
        count = audit.write_log(stage.portal(AUDITOR), log)
        last = audit.verify_file(log)
        check(last is not None and last.seq == count, "the audit log is unbroken")
        changed = _one_row_changed(log)
        sentence = refused(lambda: audit.verify_file(changed), "audit-edit")
    return Seen("unbroken", f"{count} entries; entry {CHANGED_ENTRY} changed in a copy: “{sentence}”")


def _one_row_changed(log: Path) -> Path:
    """A copy in which somebody else did it."""
    lines = log.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[CHANGED_ENTRY - 1])
    entry["event"]["actor"] = "nobody"
    lines[CHANGED_ENTRY - 1] = json.dumps(entry)
    changed = log.with_name("changed.jsonl")
    changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed
