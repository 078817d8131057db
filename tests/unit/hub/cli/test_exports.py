from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab, error
from hub.cli.export import declared
from hub.cli.files import write_new
from hub.domain.errors import InvalidError

Command = Callable[..., Result]
CONTEXT = "Mean wages by schooling, for the yearly report"
STATEMENT = {"language": "en", "text": "I have looked.", "digest": "a" * 64}


def request(state: str = "draft", name: str = "wages.csv") -> dict[str, Any]:
    finding = {"check": "minimum-frequency", "severity": "block", "place": "row 1", "sentence": "Too few.", "rule": ""}
    file = {
        "path": "wages.csv",
        "kind": "csv",
        "size": 9,
        "canonical": "ab" * 32 if state != "draft" else "",
        "canonical_name": name,
        "findings": [finding] if state == "blocked" else [],
    }
    return {
        "id": "export-a",
        "project": "care",
        "author": "researcher",
        "source": "run-a",
        "state": state,
        "context": CONTEXT,
        "files": [file],
        "policy": "cd" * 32,
        "votes": [],
        "created": "2026-01-01",
    }


def test_a_request_says_of_a_table_what_it_is_made_of(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("POST", "/exports")] = request()
    words = ("--project", "care", "--source", "run-a", "--file", "wages.csv", "--context", CONTEXT)
    table = "wages.csv dataset=jobs dimensions=educ,year measure=lwage aggregate=mean"
    assert datalab("export", "create", *words, "--table", table).exit_code == 0
    said = {"dataset": "jobs", "dimensions": ["educ", "year"], "measure": "lwage", "aggregate": "mean"}
    assert fake.calls[0].body == {
        "project": "care",
        "source": "run-a",
        "files": {"wages.csv": said},
        "context": CONTEXT,
    }


@pytest.mark.parametrize(("source", "evidence"), [("run-a", "attested"), ("workspace", "claimed")])
def test_a_request_is_shown_with_who_says_where_its_files_come_from(
    fake: FakeLab, datalab: Command, source: str, evidence: str
) -> None:
    fake.answers[("GET", "/exports/export-a")] = request() | {"source": source}
    lines = datalab("export", "show", "export-a").stdout.splitlines()
    assert ["evidence", evidence] in [line.split() for line in lines]


def test_a_path_with_a_blank_is_quoted() -> None:
    assert declared(["a b.csv"], ["'a b.csv' measure=x"]) == {"a b.csv": {"measure": "x", "dimensions": []}}


def test_a_request_is_made_and_sent_through_the_gate_in_one_go(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("POST", "/exports"): request(),
        ("GET", "/statement"): Answer([STATEMENT]),
        ("POST", "/exports/export-a/submit"): request("checking"),
        ("GET", "/exports"): Answer([request("submitted")]),
    }
    words = ("--project", "care", "--source", "run-a", "--file", "wages.csv", "--context", CONTEXT)
    done = datalab("export", "create", *words, "--submit", "--statement", "--json")
    assert json.loads(done.stdout)["state"] == "submitted"


@pytest.mark.parametrize("table", ["other.csv measure=x", "a.csv colour=x", "'a.csv", ""])
def test_a_declaration_that_fits_nothing_is_refused(table: str) -> None:
    with pytest.raises(InvalidError):
        declared(["a.csv"], [table])


def test_a_request_is_submitted_and_watched_on_the_list(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("GET", "/statement"): Answer([STATEMENT]),
        ("POST", "/exports/export-a/submit"): request("checking"),
        ("GET", "/exports"): [Answer([request("checking")]), Answer([request("blocked")])],
    }
    done = datalab("export", "submit", "export-a", "--statement", "--wait")
    assert done.exit_code == 0, done.stderr
    assert "minimum-frequency" in done.stdout
    assert "Too few." in done.stdout
    assert {c.path for c in fake.made("GET")} == {"/exports", "/statement"}
    assert [c.body for c in fake.made("POST")] == [{"statement": "a" * 64}]
    assert "You state: I have looked." in done.stderr


def test_no_statement_is_made_that_nobody_asked_to_make(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {("POST", "/exports/export-a/submit"): request("checking")}
    assert datalab("export", "submit", "export-a").exit_code == 0
    assert [c.body for c in fake.calls] == [{}]


def test_a_vote_names_the_bytes_and_the_policy_that_were_seen(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("GET", "/exports/export-a"): request("in_review"),
        ("POST", "/exports/export-a/votes"): request("in_review"),
    }
    assert datalab("export", "vote", "export-a", "approve", "--reason", "Large groups").exit_code == 0
    body = {"decision": "approve", "canonical": {"wages.csv": "ab" * 32}, "policy": "cd" * 32, "reason": "Large groups"}
    assert fake.made("POST")[0].body == body
    assert datalab("export", "vote", "export-a", "approve", "--file", "other.csv").exit_code == 1
    assert datalab("export", "vote", "export-a", "maybe").exit_code == 2


def test_the_canonical_files_of_a_request_are_fetched_for_review(
    fake: FakeLab, datalab: Command, tmp_path: Path
) -> None:
    fake.answers = {
        ("GET", "/exports/export-a"): request("in_review"),
        ("GET", "/exports/export-a/canonical"): Answer(b"educ,n\n"),
    }
    assert datalab("export", "review", "export-a", "--to", str(tmp_path / "review")).exit_code == 0
    assert (tmp_path / "review/wages.csv").read_bytes() == b"educ,n\n"
    assert fake.calls[1].query == {"path": "wages.csv"}


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../b", "a//b", "", ".", "a\x1b", "a\\b"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidError):
        write_new(tmp_path / "to", name, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    write_new(tmp_path, "a/b.csv", b"1")
    write_new(tmp_path, "a/b.csv", b"1")
    with pytest.raises(InvalidError, match="already"):
        write_new(tmp_path, "a/b.csv", b"2")
    assert (tmp_path / "a/b.csv").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (("reject", "export-a", "--reason", "Outside"), ("POST", "/exports/export-a/reject")),
        (("withdraw", "export-a"), ("POST", "/exports/export-a/withdraw")),
    ],
)
def test_a_request_ends_by_one_call(
    fake: FakeLab, datalab: Command, words: tuple[str, ...], call: tuple[str, str]
) -> None:
    fake.answers[call] = request("withdrawn")
    assert datalab("export", *words).exit_code == 0
    assert [(c.method, c.path) for c in fake.calls] == [call]


def test_a_release_is_made_shown_and_revoked(fake: FakeLab, datalab: Command) -> None:
    made = {"id": "export-a", "project": "care", "released_by": "jobs-steward", "created": "2026", "files": []}
    fake.answers = {
        ("POST", "/exports/export-a/release"): made,
        ("GET", "/releases"): Answer([made]),
        ("GET", "/releases/export-a"): made,
        ("POST", "/releases/export-a/revoke"): made | {"revoked": "2027"},
        ("POST", "/releases/export-a/reopen"): {"release": "export-a", "ends": "2028"},
    }
    assert json.loads(datalab("export", "release", "export-a", "--json").stdout) == made
    assert "jobs-steward" in datalab("release", "list").stdout
    assert "care" in datalab("release", "show", "export-a").stdout
    assert "2028" in datalab("release", "reopen", "export-a", "--reason", "The file was lost", "--days", "3").stdout
    assert fake.calls[-1].body == {"reason": "The file was lost", "days": 3}
    assert "2027" in datalab("release", "revoke", "export-a", "--reason", "Wrong title").stdout


def test_a_release_is_fetched_as_a_bag_that_its_own_receipt_agrees_with(
    fake: FakeLab, datalab: Command, past: Any, tmp_path: Path
) -> None:
    receipt = json.loads(past.receipt)
    release, files = receipt["request"], [f["name"] for f in receipt["files"]]
    at = f"/releases/{release}"
    fake.answers = {
        ("GET", at): {"files": [{"name": name} for name in files]},
        ("GET", f"{at}/receipt"): Answer(past.receipt.encode()),
        ("GET", f"{at}/crate"): Answer(past.files["ro-crate-metadata.json"]),
        ("POST", f"{at}/downloads"): {"id": "download-b"},
        **{("GET", f"{at}/downloads/download-b/files/{name}"): Answer(past.files[name]) for name in files},
    }
    bag = tmp_path / "bag"
    done = datalab("release", "download", release, "--to", str(bag), "--bag")
    assert done.exit_code == 0, done.stderr
    (tmp_path / "lab.pub").write_text(past.key)
    verify = ("receipt", "verify", str(bag / "data/receipt.json"), "--key", str(tmp_path / "lab.pub"))
    assert datalab(*verify, "--files", str(bag / "data")).exit_code == 0
    for manifest, count in (("manifest-sha512.txt", len(files) + 2), ("tagmanifest-sha512.txt", 3)):
        lines = [line.split("  ", 1) for line in (bag / manifest).read_text().splitlines()]
        assert len(lines) == count
        for digest, path in lines:
            assert hashlib.sha512((bag / path).read_bytes()).hexdigest() == digest
    crate = json.loads((bag / "data/ro-crate-metadata.json").read_text())["@graph"]
    root = next(entity for entity in crate if entity["@id"] == "./")
    assert f"External-Identifier: {root['identifier'][0]}\n" in (bag / "bag-info.txt").read_text()
    assert (bag / "bagit.txt").read_text().startswith("BagIt-Version: 1.0\n")


def test_a_release_is_fetched_with_its_receipt_and_the_key(fake: FakeLab, datalab: Command, tmp_path: Path) -> None:
    fake.answers = {
        ("GET", "/releases/export-a"): {"files": [{"name": "wages.csv"}]},
        ("GET", "/releases/export-a/receipt"): Answer(
            b'{"crate": {"name": "ro-crate-metadata.json", "sha256": "", "size": 3}}'
        ),
        ("GET", "/releases/export-a/crate"): Answer(b"{}\n"),
        ("GET", "/revocations"): Answer(b"[]\n"),
        ("POST", "/releases/export-a/downloads"): {"id": "download-b"},
        ("GET", "/releases/export-a/downloads/download-b/files/wages.csv"): Answer(b"educ,n\n"),
        ("GET", "/key"): {"pem": "-----BEGIN", "fingerprint": "ef" * 32},
    }
    folder = tmp_path / "report"
    assert datalab("release", "download", "export-a", "--to", str(folder)).exit_code == 0
    assert {p.name for p in folder.iterdir()} == {"receipt.json", "wages.csv", "ro-crate-metadata.json"}
    assert datalab("release", "revocations", "--to", str(tmp_path / "revoked.json")).exit_code == 0
    assert (tmp_path / "revoked.json").read_bytes() == b"[]\n"
    assert "efef" in datalab("release", "key", "--to", str(tmp_path / "lab.pub")).stdout
    assert (tmp_path / "lab.pub").read_text() == "-----BEGIN"


FROZEN = {"id": "freeze-a", "project": "", "reason": "A suspicion", "frozen_by": "jobs-steward", "frozen": "2026"}


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("--reason", "A suspicion"), {"project": "", "reason": "A suspicion"}),
        (("--project", "care", "--reason", "A suspicion"), {"project": "care", "reason": "A suspicion"}),
    ],
)
def test_a_steward_freezes_the_lab_or_one_project(
    fake: FakeLab, datalab: Command, words: tuple[str, ...], body: dict[str, str]
) -> None:
    fake.answers[("POST", "/freezes")] = FROZEN
    assert "jobs-steward" in datalab("export", "freeze", *words).stdout
    assert fake.calls[0].body == body


def test_the_freeze_of_that_identifier_is_lifted_and_no_other(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("GET", "/freezes"): Answer([FROZEN | {"id": "freeze-b", "project": "care"}, FROZEN]),
        ("POST", "/freezes/freeze-b/lift"): FROZEN | {"lifted": "2027"},
    }
    assert "freeze-b" in datalab("export", "frozen").stdout
    assert "2027" in datalab("export", "unfreeze", "freeze-b", "--reason", "It was nothing").stdout
    assert [(c.path, c.body) for c in fake.made("POST")] == [("/freezes/freeze-b/lift", {"reason": "It was nothing"})]


def test_nothing_is_lifted_without_an_identifier_or_a_reason(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/freezes")] = Answer([FROZEN])
    for words in (("--reason", "It was nothing"), ("--project", "care", "--reason", "It was nothing"), ("freeze-a",)):
        assert datalab("export", "unfreeze", *words).exit_code == 2
    assert fake.made("POST") == []
    assert datalab("export", "freeze", "--project", "care").exit_code == 2, "a reason is needed"


def test_a_freeze_that_is_not_there_is_said(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("POST", "/freezes/freeze-x/lift")] = error(404, "not-found", "There is no freeze freeze-x.")
    done = datalab("export", "unfreeze", "freeze-x", "--reason", "It was nothing")
    assert (done.exit_code, "There is no freeze freeze-x" in done.output) == (1, True)


def test_the_queue_is_listed_by_its_filters_and_a_request_is_claimed_and_given_back(
    fake: FakeLab, datalab: Command
) -> None:
    entry = {"id": "export-a", "project": "care", "author": "researcher", "state": "submitted", "claimed_by": ""}
    fake.answers = {
        ("GET", "/queue"): Answer([entry]),
        ("POST", "/exports/export-a/claim"): entry | {"claimed_by": "jobs-steward"},
        ("DELETE", "/exports/export-a/claim"): entry,
    }
    assert "export-a" in datalab("export", "queue", "--show", "unclaimed", "--risk", "review").stdout
    assert fake.calls[0].query == {"show": "unclaimed", "risk": "review"}
    assert "jobs-steward" in datalab("export", "claim", "export-a").stdout
    assert datalab("export", "unclaim", "export-a").exit_code == 0
    assert datalab("export", "queue", "--level", "yesterday").exit_code == 2


def test_views_of_the_queue_are_kept_listed_and_forgotten_by_their_name(fake: FakeLab, datalab: Command) -> None:
    late = {"name": "Late in care", "show": "all", "project": "care", "risk": None, "level": "late"}
    fake.answers = {
        ("GET", "/queue/views"): Answer([late]),
        ("PUT", "/queue/views/Late%20in%20care"): Answer([late]),
        ("DELETE", "/queue/views/Late%20in%20care"): Answer([]),
    }
    assert "Late in care" in datalab("export", "views").stdout
    assert datalab("export", "save-view", "Late in care", "--project", "care", "--level", "late").exit_code == 0
    assert fake.calls[-1].body == {"show": "all", "project": "care", "level": "late"}
    assert "You keep no view." in datalab("export", "forget-view", "Late in care").stderr
    assert datalab("export", "save-view", "x", "--level", "yesterday").exit_code == 2


def test_a_comment_says_whom_it_is_for_and_what_it_is_on(fake: FakeLab, datalab: Command) -> None:
    said = {
        "id": "comment-a", "request": "export-a", "author": "steward", "at": "2026-01-01", "audience": "stewards",
        "turn": 1, "path": "wages.csv", "row": 3, "column": 2, "text": "Look here", "canonical": "",
    }  # fmt: skip
    fake.answers[("POST", "/exports/export-a/comments")] = said
    fake.answers[("GET", "/exports/export-a/comments")] = [said]
    where = ("--file", "wages.csv", "--row", "3", "--column", "2")
    assert datalab("export", "comment", "export-a", "Look here", "--for", "stewards", *where).exit_code == 0
    assert fake.calls[0].body == {
        "text": "Look here", "audience": "stewards", "path": "wages.csv", "row": 3, "column": 2,
    }  # fmt: skip
    assert "Look here" in datalab("export", "comments", "export-a").output
    assert datalab("export", "comment", "export-a", "Look here").exit_code == 2


def test_a_split_names_the_files_and_prints_both_halves(fake: FakeLab, datalab: Command) -> None:
    rest, part = request("checking"), request("checking") | {"id": "export-b", "split_from": "export-a"}
    fake.answers[("POST", "/exports/export-a/split")] = {"rest": rest, "part": part}
    done = datalab("export", "split", "export-a", "--file", "wages.csv", "--reason", "Another look")
    assert done.exit_code == 0, done.output
    assert fake.calls[0].body == {"files": ["wages.csv"], "reason": "Another look"}
    assert "export-b" in done.output
    assert datalab("export", "split", "export-a").exit_code == 2
