"""Downloads of releases: each person makes their own, for a short time, while the release is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.audit import event
from hub.domain.downloads import (
    Moment,
    OwnDownload,
    ReleaseTerm,
    check_days,
    check_download,
    check_term,
    end_of_download,
    has_download_ended,
    has_term_ended,
)
from hub.domain.errors import NotFoundError
from hub.domain.reasons import check_reason
from hub.domain.releases import Release, ReleasedFile, check_stands
from hub.services import freezes
from hub.services.lab import Lab, new_id
from hub.services.offered_files import MOST_BYTES_A_FILE
from hub.services.ports import Reading
from hub.services.refusals import records_refusals
from hub.services.release_terms import open_term, present, term_of
from hub.services.releases import load_release, load_reviewed


@dataclass(frozen=True, slots=True)
class Offered:
    """What a person may fetch of a release now: until when it is open, and their own download, if one is alive."""

    term: ReleaseTerm
    is_open: bool
    own: OwnDownload | None


def offered(lab: Lab, actor: str, identifier: str) -> Offered:
    """Return what the person may fetch of a release now; no view, so nothing is recorded."""
    now = present(lab)
    with lab.store.read() as reading:
        kept = load_release(reading, actor, identifier)
        term = term_of(lab, reading, kept)
        own = reading.find(OwnDownload, release=identifier, person=actor)[-1:]
    alive = own[0] if own and not has_download_ended(own[0], now) else None
    is_open = not has_term_ended(term, now) and kept.revoked is None
    return Offered(term, is_open, alive if is_open else None)


@records_refusals("download")
def make_download(lab: Lab, actor: str, identifier: str) -> OwnDownload:
    """Make a download for the person who asks: nobody else can use it, and it ends after a short time."""
    now = present(lab)
    with lab.store.begin() as records:
        kept = load_release(records, actor, identifier)
        term = _check_open(lab, records, kept, now)
        ends = end_of_download(term, lab.settings.releases.minutes, now)
        made = OwnDownload(new_id("download"), kept.id, kept.project, actor, now.at, ends, now.seconds, now.boot)
        details = {"download": made.id, "ends": ends.isoformat(timespec="seconds")}
        records.save(made, event("export:release:offer", actor, kept.id, kept.project, **details))
        return made


def _check_open(lab: Lab, reading: Reading, kept: Release, now: Moment) -> ReleaseTerm:
    """Nothing is fetched of what was revoked, is frozen or has ended."""
    check_stands(kept)
    freezes.check_leaves(reading, kept.project)
    term = term_of(lab, reading, kept)
    check_term(term, now)
    return term


def _usable(lab: Lab, reading: Reading, actor: str, identifier: str, download: str) -> Release:
    """Return the release behind a person's own download; another person's looks like one that is not there."""
    kept = load_release(reading, actor, identifier)
    own = reading.get(OwnDownload, download)
    if own is None or (own.release, own.person) != (kept.id, actor):
        raise NotFoundError(
            "There is no download {id} of yours here. Make one on the release's page: it is for one person alone.",
            reason="not-found",
            id=download,
        )
    now = present(lab)
    _check_open(lab, reading, kept, now)
    check_download(own, now)
    return kept


@records_refusals("download")
def released_file(lab: Lab, actor: str, identifier: str, download: str, name: str) -> tuple[ReleasedFile, bytes]:
    """Return a released file's bytes, checked against their digest; the download is recorded before they leave.

    A freeze, a revocation or an end that falls while the file is read counts: all are looked for again where the
    download is recorded.
    """
    with lab.store.read() as reading:
        kept = _usable(lab, reading, actor, identifier, download)
    file = next((f for f in kept.files if f.name == name), None)
    if file is None:
        raise NotFoundError("The release has no file of that name.", reason="not-found")
    content = lab.vault.read(file.sha256, MOST_BYTES_A_FILE)
    with lab.store.begin() as records:
        kept = _usable(lab, records, actor, identifier, download)
        details = {"name": name, "sha256": file.sha256, "download": download}
        records.record(event("export:release:download", actor, identifier, kept.project, **details))
    return file, content


def reopen(lab: Lab, actor: str, identifier: str, reason: str, days: int | None = None) -> datetime:
    """Open a release again from now on; returns until when. A steward who may review its request does this."""
    most = lab.settings.releases.days
    with lab.store.begin() as records:
        kept = load_reviewed(records, actor, identifier)
        why = check_reason(reason)
        check_stands(kept)
        return open_term(lab, records, actor, kept, check_days(most if days is None else days, most), why).ends
