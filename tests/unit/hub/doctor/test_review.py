"""What the doctor says of votes and releases: all is well in a sound lab, and each broken rule is one ✗."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.adapters.vault import FolderVault
from hub.doctor.receipts import real_releases, receipts_tried
from hub.doctor.review import Court, releases_tried, votes_tried
from hub.domain import votes as rules
from hub.domain.audit import event
from hub.domain.errors import RefusedError
from hub.domain.examinations import Verdict
from hub.domain.output_classes import OutputClass
from hub.domain.people import Person, Role
from hub.services import exports, releases, votes
from hub.settings_tables import Gate


def broken(found: Any) -> list[str]:
    return [a.name for a in found if a.verdict is Verdict.BROKEN]


def test_a_sound_lab_keeps_both_promises(court: Court) -> None:
    found = [*votes_tried(court), *releases_tried(court)]
    assert {a.verdict for a in found} == {Verdict.HOLDS}
    assert len(found) >= 14


def test_a_lab_where_everybody_reviews_is_seen(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "check_can_review", lambda *_: None)
    assert broken(votes_tried(court)) == ["vote-author", "vote-colleague", "vote-former", "vote-researcher"]


def test_a_refusal_for_another_reason_proves_nothing(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError("No.", reason="no")

    monkeypatch.setattr(exports, "check_can_review", refuse)
    with pytest.raises(RefusedError):
        list(votes_tried(court))
    assert "vote-author" in broken(first(votes_tried(court), 4))


def first(found: Any, count: int) -> list[Any]:
    return [next(found) for _ in range(count)]


def test_a_lab_that_takes_stale_votes_is_seen(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(votes, "check_fresh", lambda *_: None)
    monkeypatch.setattr(rules, "add_votes", lambda request, votes: request)
    assert {"vote-other-bytes", "vote-all"} <= set(broken(votes_tried(court)))


def test_a_lab_that_counts_one_steward_twice_is_seen(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "is_approved", lambda request, needed: len(request.votes) > 0)
    assert "vote-twice" in broken(votes_tried(court))


def test_a_lab_that_counts_the_same_votes_for_every_class_is_seen(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"table": 2, "code": 1, "model": 3}
    settings = court.lab.settings.model_copy(update={"gate": Gate(class_votes=asked, tier_votes={"secret": 2})})
    strict = replace(court, lab=replace(court.lab, settings=settings), stewards=(*court.stewards, "steward-2"))
    with court.lab.store.begin() as records:
        third = Person("steward-2", "steward-2", "lab", (Role.STEWARD,))
        records.save(third, event("lab:person:add", "doctor", third.name))
    assert [strict.needed(each) for each in (OutputClass.CODE, OutputClass.MODEL, OutputClass.UNKNOWN)] == [2, 3, 3]
    assert "vote-few" not in broken(votes_tried(strict))
    monkeypatch.setattr(votes, "needed_for", lambda *_: 2)
    assert "vote-few" in broken(votes_tried(strict))


def test_a_lab_that_releases_without_votes_is_seen(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "check_can_release", lambda *_: None)
    found = broken(first(releases_tried(court), 1))
    # The workflow's table still says no, for another reason than the one that is promised.
    assert found == ["unreviewed"]


def test_a_lab_that_does_not_hash_again_is_seen(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderVault, "check", lambda *_: None)
    monkeypatch.setattr(FolderVault, "read", lambda vault, sha256, limit: vault.path(sha256).read_bytes())
    assert {"changed-before", "changed-after"} <= set(broken(releases_tried(court)))


def test_a_receipt_that_anybody_could_change_is_seen(court: Court) -> None:
    made = releases.release(court.lab, court.stewards[0], court.approved("good").id)
    key = court.lab.settings.secret("lab.pub").read_bytes()
    assert broken(receipts_tried(made, key, lambda *_: ())) == ["receipt-changed", "signature-changed"]


def test_keys_that_do_not_belong_together_are_seen(court: Court) -> None:
    assert broken(real_releases(court.lab)) == []
    other = Court(court.lab, court.vault, court.stewards)
    made = releases.release(court.lab, court.stewards[0], court.approved("good").id)
    assert [a.seen for a in real_releases(other.lab)][-1] == "All of 1 releases verify."
    path = court.vault.path(made.files[0].sha256)
    path.chmod(0o644)
    path.write_bytes(b"other")
    assert broken(real_releases(court.lab)) == ["kept"]
    settings = court.lab.settings
    settings.secret("signing.pem").unlink()
    settings.secret("lab.pub").rename(settings.secret("old.pub"))
    from hub.adapters.secrets import make_secrets

    make_secrets(settings)
    settings.secret("old.pub").replace(settings.secret("lab.pub"))
    assert broken(real_releases(court.lab)) == ["own-key", "kept"]


def test_a_missing_key_is_not_looked_at(court: Court) -> None:
    court.lab.settings.secret("lab.pub").unlink()
    assert [a.verdict for a in real_releases(court.lab)] == [Verdict.UNSEEN]
