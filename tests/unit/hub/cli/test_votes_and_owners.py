"""What the command line says to the lab of votes, owners and the public register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import FakeLab

Command = Callable[..., Result]
WHY = "The institute has published this very table"
SEEN = {
    "id": "export-a", "project": "care", "author": "researcher", "source": "run-a", "state": "in_review", "turn": 2,
    "context": "c", "reason": "", "policy": "cd" * 32, "votes": [], "created": "2026-01-01",
    "overrides": [{"steward": "chief", "reason": WHY, "at": "2026-01-01", "against": []}],
    "files": [
        {"path": "w.csv", "kind": "csv", "size": 9, "canonical": "ab" * 32, "canonical_name": "w", "findings": []},
    ],
}  # fmt: skip


@pytest.fixture
def answering(fake: FakeLab) -> FakeLab:
    posts = ("votes", "reject", "override", "owner-votes")
    fake.answers = {("GET", "/exports/export-a"): SEEN} | {("POST", f"/exports/export-a/{p}"): SEEN for p in posts}
    return fake


def sent(lab: FakeLab, method: str = "POST") -> Any:
    return lab.made(method)[0].body


def test_a_vote_for_changes_and_a_rejection_name_their_cause(answering: FakeLab, datalab: Command) -> None:
    told = datalab("export", "vote", "export-a", "changes", "--cause", "wrong_file", "--reason", "Another one")
    assert told.exit_code == 0
    assert (sent(answering)["cause"], sent(answering)["turn"]) == ("wrong_file", 2)
    assert WHY in told.output
    assert datalab("export", "reject", "export-a", "--cause", "outside_the_purpose", "--reason", "Why").exit_code == 0
    assert answering.made("POST")[1].body == {"reason": "Why", "cause": "outside_the_purpose"}
    assert datalab("export", "reject", "export-a", "--cause", "whatever", "--reason", "Why").exit_code == 2


def test_an_override_names_the_submission_that_was_seen(answering: FakeLab, datalab: Command) -> None:
    assert datalab("export", "override", "export-a", "--reason", WHY).exit_code == 0
    assert sent(answering) == {"reason": WHY, "turn": 2}


def test_an_owners_vote_is_on_all_files_that_were_seen(answering: FakeLab, datalab: Command) -> None:
    assert datalab("export", "owner-vote", "export-a", "wages", "approve").exit_code == 0
    assert sent(answering) == {
        "dataset": "wages", "decision": "approve", "reason": "", "cause": "other", "turn": 2,
        "policy": "cd" * 32, "canonical": {"w.csv": "ab" * 32},
    }  # fmt: skip


def test_an_owner_says_what_their_part_is_and_who_votes(fake: FakeLab, datalab: Command) -> None:
    given = {"dataset": "wages", "person": "clerk", "given_by": "steward", "ends": "2026-12-31", "withdrawn": None}
    fake.answers = {
        ("PUT", "/datasets/wages/owners"): {"name": "wages", "owner": "o", "owners": "vote"},
        ("PUT", "/datasets/wages/delegates/clerk"): given,
        ("DELETE", "/datasets/wages/delegates/clerk"): given,
        ("GET", "/datasets/wages/delegates"): [given],
        ("GET", "/owner-votes"): [],
    }
    assert datalab("dataset", "owners", "wages", "vote").exit_code == 0
    assert datalab("dataset", "delegate", "wages", "clerk", "--until", "2026-12-31").exit_code == 0
    assert [call.body for call in fake.made("PUT")] == [{"part": "vote"}, {"ends": "2026-12-31"}]
    assert datalab("dataset", "undelegate", "wages", "clerk").exit_code == 0
    assert "clerk" in datalab("dataset", "delegates", "wages").output
    assert "Nothing waits" in datalab("export", "owner-votes").output
    assert datalab("dataset", "delegate", "wages", "clerk").exit_code == 2


def test_what_is_public_is_said_field_by_field(fake: FakeLab, datalab: Command) -> None:
    kept = {
        "kind": "dataset", "subject": "wages", "key": "public-a", "fields": ["title"],
        "changed_by": "s", "changed": "t",
    }  # fmt: skip
    fake.answers = {("PUT", "/publications/dataset/wages"): kept, ("GET", "/publications"): [kept]}
    assert datalab("register", "publish", "dataset", "wages", "--field", "title", "-f", "owner").exit_code == 0
    assert datalab("register", "publish", "dataset", "wages").exit_code == 0
    assert [call.body for call in fake.made("PUT")] == [{"fields": ["title", "owner"]}, {"fields": []}]
    assert "public-a" in datalab("register", "list").output
    assert datalab("register", "publish", "person", "wages").exit_code == 2
