"""Promise 7: every change, every view and every download is in an append-only, chained log; an edit is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from attacks.living import Living
from hub.adapters.store import SqlStore
from hub.cli.client import API, Json, place
from hub.demo.people import ADMINISTRATOR, AUDITOR, CARE, HEALTH_STEWARD, JOBS_STEWARD, RESEARCHER, SCIENTIST
from hub.demo.story_stage import refused
from hub.domain.audit import AuditEntry, AuditEvent, entry_digest, verify_chain
from hub.domain.errors import ConflictError
from hub.services.ports import pages

EDITS = {
    "update": "UPDATE audit SET actor = 'nobody' WHERE seq = 20",
    "update of all": "UPDATE audit SET project = ''",
    "update that changes nothing": "UPDATE audit SET seq = seq",
    "update or replace": "UPDATE OR REPLACE audit SET seq = 20 WHERE seq = 21",
    "delete": "DELETE FROM audit WHERE seq = 20",
    "delete of all": "DELETE FROM audit",
    "delete of the last": "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "replace": "REPLACE INTO audit SELECT seq, at, name, 'nobody', subject, project, details, previous, digest "
    "FROM audit WHERE seq = 20",
    "insert or replace": "INSERT OR REPLACE INTO audit SELECT seq, at, name, 'nobody', subject, project, details, "
    "previous, digest FROM audit WHERE seq = 20",
    "upsert": "INSERT INTO audit SELECT * FROM audit WHERE seq = 20 ON CONFLICT (seq) DO UPDATE SET actor = 'nobody'",
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_running_labs_log_refuses_every_edit(living: Living, edit: str) -> None:
    with closing(sqlite3.connect(living.database, timeout=20)) as connection:
        before = connection.execute("SELECT * FROM audit WHERE seq <= 30").fetchall()
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(EDITS[edit])
        connection.rollback()
        assert connection.execute("SELECT * FROM audit WHERE seq <= 30").fetchall() == before


# A copy in which root did what the triggers refuse


@pytest.fixture
def copy(living: Living, tmp_path: Path) -> Path:
    """A copy of the running lab's database without its triggers."""
    path = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(living.database)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
        triggers = target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            target.execute(f"DROP TRIGGER {name}")
        target.commit()
    assert triggers
    return path


@contextmanager
def walked(path: Path) -> Iterator[Iterator[AuditEntry]]:
    """The entries of a database, as the lab reads them."""
    store = SqlStore(f"sqlite:///{path}", lambda: datetime.now(UTC))
    try:
        with store.read() as reading:
            yield pages(reading)
    finally:
        store.engine.dispose()


def exported(path: Path, log: Path) -> Path:
    """What an auditor would have taken along of it."""
    with walked(path) as entries:
        lines = [json.dumps(as_api(entry), ensure_ascii=False) for entry in entries]
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return log


def as_api(entry: AuditEntry) -> Json:
    from hub.cli.audit import ENTRY

    return dict(ENTRY.dump_python(entry, mode="json"))


def test_a_copy_that_nobody_touched_is_unbroken(living: Living, copy: Path, tmp_path: Path) -> None:
    with walked(copy) as entries:
        last = verify_chain(entries)
    done = living.command("audit", "verify", "--json", "--file", str(exported(copy, tmp_path / "audit.jsonl")))
    assert json.loads(done.stdout) == {
        "unbroken": True,
        "entries": last.seq if last else 0,
        "head": last and last.digest,
    }


TOUCHED = {
    "actor": ("UPDATE audit SET actor = 'nobody' WHERE seq = 20", 20, "it was changed"),
    "moment": ("UPDATE audit SET at = '2001-01-01 00:00:00.000000' WHERE seq = 21", 21, "it was changed"),
    "name": ("UPDATE audit SET name = 'lab:nothing:happened' WHERE seq = 22", 22, "it was changed"),
    "subject": ("UPDATE audit SET subject = 'x' WHERE seq = 23", 23, "it was changed"),
    "project": ("UPDATE audit SET project = 'x' WHERE seq = 24", 24, "it was changed"),
    "details": ("UPDATE audit SET details = '[[\"a\", \"b\"]]' WHERE seq = 25", 25, "it was changed"),
    "digest": (f"UPDATE audit SET digest = '{'0' * 64}' WHERE seq = 26", 26, "it was changed"),
    "taken out": ("DELETE FROM audit WHERE seq = 27", 27, "it is missing"),
    "taken off the start": ("DELETE FROM audit WHERE seq <= 3", 1, "it is missing"),
    "exchanged": ("UPDATE audit SET seq = CASE seq WHEN 28 THEN -29 ELSE -28 END WHERE seq IN (28, 29); "
                  "UPDATE audit SET seq = -seq WHERE seq < 0", 28, "it was changed"),
}  # fmt: skip


@pytest.mark.parametrize("touch", TOUCHED)
def test_a_touched_row_of_a_copy_is_named(living: Living, copy: Path, tmp_path: Path, touch: str) -> None:
    script, seq, how = TOUCHED[touch]
    with closing(sqlite3.connect(copy)) as connection:
        connection.executescript(script)
    with walked(copy) as entries, pytest.raises(ConflictError, match=f"breaks at entry {seq}: {how}"):
        verify_chain(entries)
    done = living.command("audit", "verify", "--file", str(exported(copy, tmp_path / "audit.jsonl")))
    assert done.returncode == 1
    assert f"The audit log breaks at entry {seq}: {how}." in done.stderr + done.stdout


def test_an_edit_with_its_digest_made_anew_breaks_the_next_entry(copy: Path) -> None:
    with walked(copy) as entries:
        there = {entry.seq: entry for entry in entries}
    found, before = there[20], there[19]
    forged = AuditEvent(found.event.name, "nobody", found.event.subject, found.event.project, found.event.details)
    digest = entry_digest(20, found.at, forged, before.digest)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE audit SET actor = 'nobody', digest = ? WHERE seq = 20", (digest,))
        connection.commit()
    with walked(copy) as entries, pytest.raises(ConflictError, match="breaks at entry 21: it was changed"):
        verify_chain(entries)


def test_a_log_cut_short_and_chained_anew_is_found_by_a_receipt(living: Living, copy: Path, released: Json) -> None:
    """The chain alone cannot tell a shorter one; what left the lab says which entry stood where."""
    anchor = json.loads(released["receipt"])["audit"]
    with walked(copy) as entries:
        there = {entry.seq: entry for entry in entries}
    assert there[anchor["seq"]].digest == anchor["digest"]
    last, forged = there[10], []
    for seq in range(11, anchor["seq"] + 1):
        event = there[seq].event if seq > 20 else AuditEvent("lab:nothing:happened", "nobody", "x")
        digest = entry_digest(seq, there[seq].at, event, last.digest)
        last = AuditEntry(seq, there[seq].at, event, last.digest, digest)
        forged.append(last)
    assert verify_chain([*(there[seq] for seq in range(1, 11)), *forged]) == last
    assert last.digest != anchor["digest"]


LINES: dict[str, Callable[[list[str]], list[str]]] = {
    "a line twice": lambda lines: [*lines[:5], lines[4], *lines[5:]],
    "a line taken out": lambda lines: lines[:5] + lines[6:],
    "two lines exchanged": lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
    "a word more": lambda lines: [*lines[:5], lines[5].replace("{", '{"more": 1, ', 1), *lines[6:]],
    "a key twice": lambda lines: [*lines[:5], lines[5].replace('{"seq": 6', '{"seq": 5, "seq": 6', 1), *lines[6:]],
    "no line": lambda lines: [*lines[:5], "", *lines[5:]],
    "other moment, same text": lambda lines: [*lines[:5], lines[5].replace("Z", "+00:00", 1), *lines[6:]],
    "deep": lambda lines: [*lines[:5], "[" * 100_000, *lines[5:]],
}


@pytest.mark.parametrize("change", LINES)
def test_an_exported_log_that_is_not_as_the_lab_wrote_it_is_refused(
    living: Living, copy: Path, tmp_path: Path, change: str
) -> None:
    log = exported(copy, tmp_path / "audit.jsonl")
    lines = log.read_text(encoding="utf-8").splitlines()
    changed = LINES[change](lines)
    assert changed != lines
    log.write_text("\n".join(changed) + "\n", encoding="utf-8")
    done = living.command("audit", "verify", "--file", str(log))
    assert (done.returncode, "The audit log breaks at entry 6" in done.stderr) == (1, True), done.stderr


# What stands in it


def after(living: Living, act: Callable[[], Any]) -> list[tuple[str, str, str, dict[str, str]]]:
    """What the log has more after an act; what worker and gateway do meanwhile does not count."""
    before = len(living.audit())
    act()
    return [entry for entry in living.audit()[before:] if entry[1] != "worker" and not entry[0].startswith("gateway:")]


def test_each_view_and_each_download_is_an_entry_with_its_person(
    living: Living, acts: str, written: str, released: Json
) -> None:
    lab, steward, export = living.portal(SCIENTIST), living.portal(JOBS_STEWARD), released["id"]
    own = living.download(SCIENTIST, export)
    looks = {
        "lab:notebook:view": (SCIENTIST, acts, lambda: lab.get(place("notebooks", acts))),
        "export:request:view": (SCIENTIST, export, lambda: lab.get(place("exports", export))),
        "export:release:view": (SCIENTIST, export, lambda: lab.get(place("releases", export))),
        "export:release:download": (
            SCIENTIST,
            export,
            lambda: lab.download(own),
        ),
        "export:file:view": (
            JOBS_STEWARD,
            export,
            lambda: steward.download(place("exports", export, "canonical"), path="words.txt"),
        ),
    }
    for name, (person, subject, look) in looks.items():
        assert [(n, a, s) for n, a, s, _ in after(living, look)] == [(name, person, subject)]
    receipt = after(living, lambda: lab.download(place("releases", export, "receipt")))
    assert [(n, a) for n, a, *_ in receipt] == [("export:release:receipt", SCIENTIST)]


def test_a_page_is_a_view_as_well(living: Living, released: Json) -> None:
    pages_ = {"exports": "export:request:view", "releases": "export:release:view"}
    for kind, name in pages_.items():
        told = after(living, lambda: living.visitor(SCIENTIST).get(f"/services/portal/{kind}/{released['id']}"))  # noqa: B023
        assert (name, SCIENTIST, released["id"]) in [entry[:3] for entry in told]


def test_a_refused_workspace_and_a_login_are_entries(living: Living) -> None:
    visitor = living.visitor(RESEARCHER)
    visitor.get("/hub/home")
    told = after(living, lambda: visitor.post(f"/hub/api/users/{RESEARCHER}/servers/nowhere", {}, "/hub/"))
    assert told == [("lab:workspace:refuse", RESEARCHER, "nowhere", {"reason": "unknown-project"})]
    assert {actor for _, actor, *_ in living.audit("lab:login:accept")} >= {SCIENTIST, RESEARCHER}


# Words that would like to be entries of their own


ENTRY = '{"seq": 1, "at": "2026-01-01T00:00:00Z", "event": {"name": "lab:nothing:happened", "actor": "nobody"}}'
PROSE = (
    f'a line\nanother line\r\n{ENTRY}\n"}}, {ENTRY}, {{"x": "\t<b>&amp;</b> {{actor}} %s \\n \\u0000 \u2028 \U0001f989'
)


def test_words_with_line_ends_and_json_in_them_stay_inside_of_their_entry(
    living: Living, written: str, tmp_path: Path
) -> None:
    request = living.checked(written, "words.txt")
    voted = after(living, lambda: living.vote(JOBS_STEWARD, request, decision="changes", reason=PROSE))
    assert [(name, actor) for name, actor, *_ in voted] == [("export:request:vote", JOBS_STEWARD)]
    entries, log = living.audit_verifies(), tmp_path / "audit.jsonl"
    done = living.command("audit", "export", str(log), actor=AUDITOR)
    assert done.returncode == 0, done.stderr
    lines = log.read_bytes().split(b"\n")
    assert (len(lines) >= entries + 1, lines[-1]) == (True, b"")
    assert [json.loads(line)["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert living.command("audit", "verify", "--file", str(log)).returncode == 0
    assert living.audit("lab:nothing:happened") == []


FORBIDDEN = ("two\nlines", "a\x1b[2Jb", "a\x00b", "a\x7fb", "a\u202eb", "\ud800", "a\x9bb", "a\rb", "a\x85b")


@pytest.mark.parametrize("word", FORBIDDEN, ids=ascii)
def test_a_name_or_title_with_signs_that_change_a_log_or_a_screen_is_refused(living: Living, word: str) -> None:
    before = len(living.audit())
    text = json.dumps(word)
    calls = [
        (ADMINISTRATOR, "PUT", "/organisations/office", f'{{"title": {text}}}'),
        (ADMINISTRATOR, "PUT", "/people/somebody", f'{{"title": {text}, "organisation": "office", "roles": []}}'),
        (SCIENTIST, "POST", "/notebooks", f'{{"project": {text}, "upload": "u", "name": "n", "purpose": "p"}}'),
        (SCIENTIST, "POST", "/runs", f'{{"notebook": {text}, "parameters": {{}}}}'),
        (
            SCIENTIST,
            "POST",
            "/exports",
            f'{{"project": "care", "source": {text}, "files": {{"a": {{}}}}, "context": ""}}',
        ),
        (
            SCIENTIST,
            "POST",
            "/exports",
            f'{{"project": "care", "source": "x", "files": {{{text}: {{}}}}, "context": ""}}',
        ),
    ]
    head = {"Content-Type": "application/json"}
    for person, method, path, body in calls:
        assert living.answer(person, method, path, data=body.encode(), headers=head).status_code == 422, path
    assert len([e for e in living.audit()[before:] if e[1] != "worker"]) == 0


@pytest.mark.parametrize("word", ["a%0Ab", "a%1B%5B2Jb", "a%00b", "%E2%80%AEb", "a%0D%0Ab"])
def test_an_address_with_such_signs_finds_nothing_and_leaves_no_line_of_its_own(living: Living, word: str) -> None:
    before = len(living.audit())
    forged = f"{word}FORGED%0A2026-01-01%20lab:nothing:happened"
    for path in (f"/projects/{forged}", f"/exports/{forged}", f"/releases/x/files/{forged}", f"/uploads?name={forged}"):
        method = "POST" if path.startswith("/uploads") else "GET"
        assert living.answer(SCIENTIST, method, path, data=b"x" if method == "POST" else None).status_code in (404, 422)
    visitor = living.visitor(SCIENTIST)
    for path in (
        f"/hub/spawn/{SCIENTIST}/{forged}",
        f"/user/{SCIENTIST}/{CARE}/{forged}",
        f"/services/portal/{forged}",
    ):
        assert visitor.get(path).status_code >= 400
    refusals = [entry for entry in living.audit()[before:] if entry[0] == "lab:workspace:refuse"]
    assert all(subject.isprintable() for _, _, subject, _ in refusals)
    for log in [*(living.state / "logs").glob("*"), *(living.state / "access-log").glob("*")]:
        assert forged_in(log.read_bytes()) == []


def forged_in(log: bytes) -> list[bytes]:
    """Lines of a log that somebody else wrote, and late ones that change a screen."""
    lines = log.split(b"\n")
    forged = [line for line in lines if line.startswith((b"2026-01-01 lab", b"FORGED"))]
    return forged + [line for line in lines[-50:] if b"\x1b[2J" in line]


@pytest.mark.parametrize("word", ["a%0Ab", "a%1B%5B2Jb", "a%0D%0Ab"])
def test_a_log_that_writes_an_address_as_it_reads_it_is_found_to_be_forged(word: str) -> None:
    naive = b"GET /projects/" + unquote_to_bytes(f"{word}FORGED%0A2026-01-01%20lab:nothing:happened") + b" 404\n"
    assert b"2026-01-01 lab:nothing:happened 404" in forged_in(naive)
    assert (b"\x1b" in naive) == any(b"\x1b" in line for line in forged_in(naive))


def test_the_command_shows_no_sign_that_changes_a_screen(living: Living) -> None:
    done = living.command("audit", "show", "--limit", "1000", actor=AUDITOR)
    assert done.returncode == 0
    assert [c for c in done.stdout if not c.isprintable() and c != "\n"] == []


def test_only_auditors_and_stewards_read_the_log_and_nobody_writes_it(living: Living) -> None:
    for person in (SCIENTIST, RESEARCHER, ADMINISTRATOR):
        refused(lambda: living.portal(person).get("/audit"), "role-missing")  # noqa: B023
    assert living.portal(HEALTH_STEWARD).get("/audit", limit=1)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert living.answer(AUDITOR, method, "/audit", json={}).status_code in (404, 405, 422)
    assert living.plain("GET", f"{API}/audit").status_code == 401
