"""The store keeps its contract on SQLite and on PostgreSQL, both real."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from datasets_mount.catalogue import OfferedFile, SnapshotFile, Twin
from datasets_mount.synthetic import ColumnDomain, SyntheticTwin, TwinMethod, TwinState
from hub.adapters.clock import SystemClock
from hub.adapters.migrate import migrate
from hub.adapters.store import SqlStore
from hub.adapters.tables import KEYS
from hub.domain.audit import event, verify_chain
from hub.domain.ballots import Decision, Override, OwnerVote, Vote
from hub.domain.canaries import Canaries
from hub.domain.comments import Audience, Comment
from hub.domain.errors import ConflictError, UnavailableError
from hub.domain.exceptions import ExceptionVote, GateException, Ground, Word
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity, contexts_of
from hub.domain.freezes import Freeze
from hub.domain.heads import Asker
from hub.domain.notebooks import Notebook, NotebookState, Parameter, ParameterType
from hub.domain.notices import Box, Channel, Message, Notice, NoticeKind
from hub.domain.owners import seen_digest
from hub.domain.people import Person, Role
from hub.domain.priorities import Priority
from hub.domain.projects import Project
from hub.domain.queue import ServiceLevel, Show, Waiting
from hub.domain.queue_turns import Queued
from hub.domain.registers import Register, RegisteredTable
from hub.domain.runs import Run
from hub.domain.saved_views import SavedView, SavedViews
from hub.domain.table_context import TableContext
from hub.domain.validation import Validation, ValidationResult
from hub.domain.work import Work, WorkKind, WorkState
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState
from hub.services.ports import Between, WorkTimes, pages
from integration.postgresql import postgresql

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEFORE_WAITING = import_module("hub.adapters.migrations.versions.0026_queue_in_order").down_revision
BEFORE_GROUPS = import_module("hub.adapters.migrations.versions.0031_groups_support_and_statements").down_revision
BEFORE_HEADS = import_module("hub.adapters.migrations.versions.0018_heads_and_waiting_grants").down_revision
STEWARD = Person("steward", "Steward", "office", (Role.STEWARD,))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/lab.sqlite"
    else:
        url = request.getfixturevalue("server")
        wipe = SqlStore(url, SystemClock().now)
        with wipe.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        wipe.engine.dispose()
    made = SqlStore(url, SystemClock().now)
    migrate(made.engine)
    migrate(made.engine)  # again: nothing to do
    yield made
    made.engine.dispose()


RECORDS = [
    Canaries("jobs", ("Zephyrine",), ({"nr": "999999998"},), "s", NOW),
    GateException(
        *("exception-1", "e-1", "care", "t.csv", "dominance", "row 1", "i" * 64, "c" * 64, "p" * 64),
        *(Ground.LAW, "a text", "a", NOW, (ExceptionVote("s", Word.GRANT, "", NOW),), NOW, None),
    ),
    Notice("notice-1", "a", NoticeKind.FROZEN, "care", "freezes", "", NOW, NOW),
    Message("message-1", Channel.WEBHOOK, "", None, NoticeKind.THAWED, "", "freezes", "", NOW, NOW, 2, None, NOW, "x"),
    Message("message-2", Channel.MAIL, "", Box.STEWARDS, NoticeKind.EXPORT_WAITS, "care", "exports", "e-1", NOW, NOW),
    STEWARD,
    Project("care", "Soins", "étude", "lead", date(2026, 1, 1), date(2026, 12, 31), 200000, ("a", "b")),
    Work("run-1", WorkKind.RUN, "run-1", "a", NOW, WorkState.RUNNING, True, NOW, None, None, "why"),
    Notebook(
        "n-1",
        "care",
        "wages",
        "purpose",
        "a",
        "d" * 64,
        ("jobs",),
        "sha256:1",
        NOW,
        NotebookState.APPROVED,
        (
            Parameter("by", ParameterType.CHOICE, "x", choices=("x", "y")),
            Parameter("n", ParameterType.INTEGER, 3, 1, 9),
        ),
        (("code", "print('\x00 é 🔬')"),),
        "steward",
        NOW,
        "",
        Validation(ValidationResult.FAILED, 2, "ZeroDivisionError", "", {"jobs": "e" * 64}),
        "c" * 64,
    ),
    Twin("d" * 64, "jobs", "e" * 64, (SnapshotFile("t.parquet", "a" * 64, 9, 3, ("nr", "é")),), NOW),
    SyntheticTwin(
        "twin-1",
        "jobs",
        "d" * 64,
        TwinMethod.MARGINALS,
        "s",
        NOW,
        TwinState.ACCEPTED,
        Decimal("0.5"),
        20,
        7,
        (ColumnDomain("year", ("1980", "é")), ColumnDomain("wage", low=0.5, high=9.0)),
        (OfferedFile("t.csv", "a", 1),),
        "e" * 64,
        (SnapshotFile("t.parquet", "a" * 64, 9, 3, ("nr",)),),
        "why",
        NOW,
    ),
    ExportRequest(
        "e-1",
        "care",
        "a",
        "run-1",
        "context",
        NOW,
        {"jobs": "d" * 64},
        (
            ExportFile(
                "t.csv",
                TableContext("jobs", ("year",), "wage", "mean"),
                "a" * 64,
                9,
                "csv",
                "b" * 64,
                "t.csv",
                8,
                (Finding("minimum-frequency", Severity.REVIEW, "t.csv", "sentence", "10"),),
            ),
        ),
        ExportState.IN_REVIEW,
        "p" * 64,
        "1",
        2,
        (Vote("steward", "t.csv", "b" * 64, "p" * 64, Decision.APPROVE, "ok", NOW),),
    ),
    Register(
        "e-1/jobs",
        "e-1",
        "care",
        "jobs",
        "d" * 64,
        2,
        "s" * 64,
        (
            RegisteredTable(
                "t.csv",
                "jobs",
                "p.parquet",
                ("year", "kind"),
                (0, 0),
                "",
                ("count",),
                True,
                (("=1980", "*"), ("=1981", "?")),
                (545, 12),
                (545, 11),
                (),
            ),
        ),
        NOW,
    ),
    Comment("comment-1", "e-1", 2, "steward", NOW, Audience.STEWARDS, "Which year?\né", "t.csv", 3, 2, "b" * 64),
    Freeze("freeze-1", "care", "a suspicion", "steward", NOW, NOW, "other", "it was nothing"),
    SavedViews("steward", (SavedView("Late é"), SavedView("b", Show.MINE, "care", Severity.REVIEW, ServiceLevel.LATE))),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_a_record_comes_back_as_it_was_saved(store: SqlStore, record: object) -> None:
    key = getattr(record, KEYS[type(record)][1])
    with store.begin() as records:
        records.save(record, event("a:b:c", "actor", key))
    with store.read() as reading:
        assert reading.get(type(record), key) == record
        assert reading.find(type(record)) == [record]


def test_saving_again_replaces_and_keeps_the_order(store: SqlStore) -> None:
    other = replace(STEWARD, name="another")
    with store.begin() as records:
        records.save(STEWARD, event("a:b:c", "actor", "1"))
        records.save(other, event("a:b:c", "actor", "2"))
        records.save(replace(STEWARD, title="New"), event("a:b:c", "actor", "3"))
    with store.read() as reading:
        assert reading.find(Person) == [replace(STEWARD, title="New"), other]
        assert reading.find(Person, title="New") == [replace(STEWARD, title="New")]
        assert reading.get(Person, "nobody") is None


def test_a_transaction_that_fails_leaves_neither_record_nor_event(store: SqlStore) -> None:
    def fail() -> None:
        with store.begin() as records:
            records.save(STEWARD, event("a:b:c", "actor", "1"))
            raise ConflictError("stop", reason="stop")

    with pytest.raises(ConflictError):
        fail()
    with store.read() as reading:
        assert reading.find(Person) == []
        assert reading.last_audit_entry() is None


def test_writers_never_overlap(store: SqlStore) -> None:
    """Thirty writers add one to a number that each reads first; none is lost, and the chain has no gap."""
    with store.begin() as records:
        records.save(Work("w", WorkKind.RUN, "w", "a", NOW, exit_code=0), event("a:b:c", "actor", "w"))

    def add_one(_number: int) -> None:
        with store.begin() as records:
            work = records.get(Work, "w")
            assert work is not None
            records.save(replace(work, exit_code=(work.exit_code or 0) + 1), event("a:b:c", "actor", "w"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(30)))
    with store.read() as reading:
        work = reading.get(Work, "w")
        assert work is not None
        assert work.exit_code == 30
        head = verify_chain(pages(reading, size=7))
    assert head is not None
    assert head.seq == 31


def test_a_reader_sees_one_moment(store: SqlStore) -> None:
    with store.begin() as records:
        records.save(STEWARD, event("a:b:c", "actor", "1"))
    with store.read() as reading:
        assert len(reading.find(Person)) == 1

        def write() -> None:
            with store.begin() as records:
                records.save(replace(STEWARD, name="another"), event("a:b:c", "actor", "2"))

        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert len(reading.find(Person)) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 1"]
)
def test_the_audit_log_cannot_be_changed_by_sql(store: SqlStore, statement: str) -> None:
    with store.begin() as records:
        records.record(event("a:b:c", "actor", "1"))
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
    with store.read() as reading:
        assert verify_chain(pages(reading)) is not None


def test_a_row_changed_by_somebody_with_the_databases_power_is_named(store: SqlStore) -> None:
    for number in range(3):
        with store.begin() as records:
            records.record(event("a:b:c", "actor", str(number)))
    drop = {
        "sqlite": "DROP TRIGGER audit_no_update",
        "postgresql": "DROP TRIGGER audit_append_only ON audit",
    }[store.engine.dialect.name]
    with store.engine.connect().execution_options(datalab_writes=True) as connection, connection.begin():
        connection.execute(text(drop))
        connection.execute(text("UPDATE audit SET actor = 'somebody' WHERE seq = 2"))
    with store.read() as reading, pytest.raises(ConflictError, match="entry 2"):
        verify_chain(pages(reading))


def test_the_tables_are_what_the_records_need(store: SqlStore) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from hub.adapters.tables import METADATA

    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_database_that_is_gone_is_said_in_a_sentence() -> None:
    with postgresql() as url:
        store = SqlStore(url, SystemClock().now)
        migrate(store.engine)
    with pytest.raises(UnavailableError, match="nothing was saved"), store.begin():
        pass
    store.engine.dispose()


def test_a_locked_or_unwritable_sqlite_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "lab.sqlite").mkdir()
    store = SqlStore(f"sqlite:///{tmp_path}/lab.sqlite", SystemClock().now)
    with pytest.raises(UnavailableError, match="nothing was saved"), store.begin():
        pass
    store.engine.dispose()


def test_the_head_of_the_log_is_told_of_what_others_committed_and_of_nothing_else(store: SqlStore) -> None:
    assert store.head() == ""
    with store.begin() as records:
        first = records.record(event("a:b:c", "actor", "1"))
        assert store.head() == ""
    assert store.head() == first.digest
    other = SqlStore(store.engine.url.render_as_string(hide_password=False), lambda: NOW)
    with other.begin() as records:
        second = records.record(event("a:b:c", "actor", "2"))
    other.engine.dispose()
    with store.read():
        assert store.head() == second.digest


def test_the_head_of_the_log_is_asked_again_after_its_connection_was_lost(store: SqlStore) -> None:
    with store.begin() as records:
        entry = records.record(event("a:b:c", "actor", "1"))
    assert store.head() == entry.digest
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    with pytest.raises(UnavailableError, match="nothing was saved"):
        store.head()
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
    assert store.head() == entry.digest
    store.engine.dispose()
    assert store.head() == entry.digest


def test_a_sign_of_life_is_written_and_read_and_stands_outside_the_log(store: SqlStore) -> None:
    began = datetime.now(UTC)
    for name in ("worker", "portal", "worker"):
        store.beat(name)
    beats = store.beats()
    assert set(beats) == {"worker", "portal"}
    assert began <= beats["portal"] <= beats["worker"] <= datetime.now(UTC)
    with store.read() as reading:
        assert reading.last_audit_entry() is None


def test_what_is_in_force_is_found_by_what_it_lacks(store: SqlStore) -> None:
    first, second = Freeze("freeze-1", "", "a suspicion", "steward", NOW), Freeze("f-2", "care", "more", "other", NOW)
    with store.begin() as records:
        records.save(first, event("export:freeze:begin", "steward", "freeze-1"))
        records.save(replace(second, lifted=NOW, lifted_by="other"), event("export:freeze:lift", "other", "f-2"))
        assert records.find(Freeze, lifted=None) == [first]


def test_work_is_told_by_its_times_alone(store: SqlStore) -> None:
    with store.begin() as records:
        records.save(Work("run-1", WorkKind.RUN, "run-1", "somebody", NOW), event("work:run:queue", "x", "run-1"))
    with store.read() as reading:
        assert reading.work_times() == [WorkTimes(WorkKind.RUN, WorkState.QUEUED, NOW, None, None)]


def test_what_the_runs_of_a_notebook_took_is_told_of_those_that_succeeded_last(store: SqlStore) -> None:
    made = [("run-1", "one", 10, WorkState.SUCCEEDED), ("run-2", "one", 20, WorkState.SUCCEEDED),
            ("run-3", "one", 30, WorkState.FAILED), ("run-4", "two", 40, WorkState.SUCCEEDED),
            ("run-5", "one", 50, WorkState.SUCCEEDED)]  # fmt: skip
    with store.begin() as records:
        for name, notebook, seconds, state in made:
            run = Run(name, "care", notebook, "a", NOW, {}, {})
            work = Work(name, WorkKind.RUN, name, "a", NOW, started=NOW, ended=NOW + timedelta(seconds=seconds))
            records.save(run, event("lab:run:start", "a", name))
            records.save(replace(work, state=state), event("work:run:queue", "a", name))
        waiting = Work("run-6", WorkKind.RUN, "run-6", "a", NOW)
        records.save(replace(run, id="run-6"), event("lab:run:start", "a", "run-6"))
        records.save(waiting, event("work:run:queue", "a", "run-6"))
    with store.read() as reading:
        assert reading.run_durations("one", 9) == [timedelta(seconds=s) for s in (50, 20, 10)]
        assert reading.run_durations("one", 2) == [timedelta(seconds=s) for s in (50, 20)]
        assert reading.run_durations("three", 9) == []


def test_the_queue_is_told_by_project_and_what_is_no_run_apart(store: SqlStore) -> None:
    made = [("run-1", "care"), ("run-2", "care"), ("run-3", "jobs"), ("run-4", "care"), ("run-5", "done")]
    works = [Work(name, WorkKind.RUN, name, "a", NOW) for name, _ in made]
    screening = Work("screen-1", WorkKind.SCREEN, "run-1", "a", NOW)
    with store.begin() as records:
        for name, project in made:
            run = Run(name, project, "notebook-1", "a", NOW, {}, {})
            records.save(run, event("lab:run:start", "a", name))
        ended = replace(works[4], state=WorkState.SUCCEEDED, started=NOW)
        for work in (replace(works[0], state=WorkState.RUNNING, started=NOW), *works[1:4], screening, ended):
            records.save(work, event("work:run:queue", "a", work.id))
    with store.read() as reading:
        heads = {"care": works[1], "jobs": works[2], "": screening}
        assert list(reading.queue_heads().items()) == list(heads.items())
        waiting = [("run-2", "care"), ("run-3", "jobs"), ("run-4", "care"), ("screen-1", "")]
        assert reading.queued() == [Queued(*told) for told in waiting]
        assert reading.under_way() == {"care": 1}
        assert reading.last_starts() == {"care": NOW}  # nothing of the project that ended its run waits
    with store.begin() as records:
        records.save(replace(screening, state=WorkState.STARTING), event("work:run:queue", "a", "screen-1"))
        assert set(records.queue_heads()) == {"care", "jobs"}
        assert records.under_way() == {"care": 1, "": 1}
        sooner, later = replace(works[3], priority=Priority.HIGH), replace(works[2], priority=Priority.LOW)
        for work in (sooner, later):
            records.save(work, event("lab:run:priority", "a", work.id))
        # The other of the first project waits longer than the second's, so that project stays the first.
        assert list(records.queue_heads().items()) == [("care", sooner), ("jobs", later)]
        assert records.queued()[2] == Queued("run-4", "care", Priority.HIGH)
        records.save(replace(sooner, priority=Priority.LOW), event("lab:run:priority", "a", sooner.id))
        assert records.queue_heads()["care"] == works[1]


def test_workspaces_are_found_by_project_and_state(store: SqlStore) -> None:
    ended = Workspace("a" * 16, "a", "care", NOW, 2, WorkspaceState.CLOSED, NOW, EndReason.IDLE)
    opened = Workspace("b" * 16, "b", "care", NOW)
    with store.begin() as records:
        for workspace in (ended, opened):
            records.save(workspace, event("lab:workspace:open", "x", "care"))
    with store.read() as reading:
        assert reading.find(Workspace, project="care", state=WorkspaceState.OPEN) == [opened]
        assert reading.get(Workspace, ended.id) == ended


def test_lists_of_requests_say_how_many_files_and_the_gravest_finding(store: SqlStore) -> None:
    grave = Finding("x", Severity.BLOCK, "p", "s")
    files = (ExportFile("a", findings=(Finding("y", Severity.NOTE, "p", "s"),)), ExportFile("b", findings=(grave,)))
    plain = ExportRequest("export-1", "care", "anna", "workspace", "c", NOW, {}, (ExportFile("a"),))
    changed = replace(plain, id="export-2", files=files, state=ExportState.APPROVED, claimed_by="ben", claimed=NOW)
    with store.begin() as records:
        for request in (plain, replace(changed, files=()), changed, replace(plain, id="export-3", project="other")):
            records.save(request, event("test:request:save", "test", request.id))
    with store.read() as reading:
        found = reading.request_heads()
        assert [h.id for h in found] == ["export-3", "export-2", "export-1"]
        assert (found[1].files, found[1].risk, found[1].claimed_by, found[1].claimed) == (2, Severity.BLOCK, "ben", NOW)
        assert (found[2].files, found[2].risk, found[2].state) == (1, None, ExportState.DRAFT)
        assert [h.id for h in reading.request_heads((ExportState.APPROVED,))] == ["export-2"]
        assert [h.id for h in reading.request_heads((), ("care",), 0, 1)] == ["export-2"]
        assert [h.id for h in reading.request_heads((), None, found[1].place)] == ["export-1"]
        assert reading.request_heads((), ()) == []
        assert [r.id for r in reading.find(ExportRequest, id=("export-3", "export-1", "none"))] == [
            "export-1",
            "export-3",
        ]
        assert reading.find(ExportRequest, state=()) == []


def test_a_request_of_many_files_reads_as_it_was_saved_each_time(store: SqlStore) -> None:
    files = tuple(ExportFile(f"file-{n}.csv", size=n) for n in range(300))
    request = ExportRequest("export-1", "care", "anna", "workspace", "c", NOW, {"d": "x"}, files)
    other = replace(request, files=(*files[:-1], replace(files[-1], size=7)))
    for saved in (request, other, request):
        with store.begin() as records:
            records.save(saved, event("test:request:save", "test", request.id))
        with store.read() as reading:
            assert reading.get(ExportRequest, request.id) == saved
            assert reading.find(ExportRequest) == [saved]


def test_events_are_found_by_name_and_project(store: SqlStore) -> None:
    with store.begin() as records:
        for name, project in (("a:b:c", "care"), ("a:b:d", "care"), ("a:b:c", "other"), ("a:b:c", "")):
            records.record(event(name, "anna", "it", project))
    with store.read() as reading:
        assert [e.seq for e in reading.audit_named(("a:b:c",))] == [1, 3, 4]
        assert [e.seq for e in reading.audit_named(("a:b:c", "a:b:d"), ("care",))] == [1, 2]
        assert reading.audit_named(("a:b:c",), ()) == []


def copied_requests(today: SqlStore, older: SqlStore) -> list[str]:
    """Copy all requests into an older database, as far as it has columns for them; return its columns."""
    names = [column["name"] for column in inspect(older.engine).get_columns("export_request")]
    with today.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {', '.join(names)} FROM export_request")).mappings().all()
    with older.engine.connect().execution_options(datalab_writes=True) as connection, connection.begin():
        places = ", ".join(f":{name}" for name in names)
        for row in rows:
            connection.execute(text(f"INSERT INTO export_request ({', '.join(names)}) VALUES ({places})"), dict(row))
    return names


def test_requests_of_before_get_what_lists_show_of_them(tmp_path: Path) -> None:
    store, today = (SqlStore(f"sqlite:///{tmp_path}/{name}.sqlite", SystemClock().now) for name in ("old", "today"))
    files = (ExportFile("a", findings=(Finding("y", Severity.REVIEW, "p", "s"),)), ExportFile("b"))
    request = ExportRequest("export-1", "care", "anna", "workspace", "c", NOW, {}, files)
    migrate(today.engine)
    with today.begin() as records:
        records.save(request, event("test:request:save", "test", request.id))
    migrate(store.engine, BEFORE_HEADS)
    assert "risk" not in copied_requests(today, store)
    migrate(store.engine)
    with store.read() as reading:
        [head] = reading.request_heads()
        assert (head.files, head.risk) == (2, Severity.REVIEW)
        assert reading.get(ExportRequest, "export-1") == request
    for made in (store, today):
        made.engine.dispose()


def test_the_queue_is_counted_ordered_and_cut_by_the_database(store: SqlStore) -> None:
    plain = ExportRequest("export-0", "care", "anna", "workspace", "c", NOW, {}, ())
    waits = replace(plain, state=ExportState.IN_REVIEW)
    saved = (
        plain,
        replace(waits, id="export-1", submitted=NOW + 3 * HOUR),
        replace(waits, id="export-2", author="ben", submitted=NOW + HOUR, barred="institute"),
        replace(waits, id="export-3", project="other", claimed_by="cleo", claimed=NOW),
        replace(waits, id="export-4", state=ExportState.RETURNED, submitted=NOW + HOUR),
    )
    with store.begin() as records:
        for request in saved:
            records.save(request, event("test:request:save", "test", request.id))

    def seen(asked: Waiting, *whose: Asker, limit: int = 0) -> list[str]:
        with store.read() as reading:
            return [h.id for h in reading.waiting_heads(asked, whose or tuple(reading.waiting_counts(asked)), limit)]

    anna, ben, other = Asker("care", "anna", ""), Asker("care", "ben", "institute"), Asker("other", "anna", "")
    with store.read() as reading:
        assert reading.waiting_counts(Waiting()) == {anna: 2, ben: 1, other: 1}
        assert reading.waiting_heads(Waiting(), ()) == []
    assert seen(Waiting()) == ["export-3", "export-2", "export-4", "export-1"]
    assert seen(Waiting(), limit=1) == ["export-3"]
    assert seen(Waiting(), anna) == ["export-4", "export-1"]
    assert seen(Waiting(), replace(ben, barred="")) == []
    assert seen(Waiting(project="other")) == ["export-3"]
    assert seen(Waiting(states=(ExportState.RETURNED,))) == ["export-4"]
    assert seen(Waiting(after=NOW, until=NOW + HOUR)) == ["export-2", "export-4"]
    claims = Waiting(claimed_after=NOW - HOUR, claimed_until=NOW, held_by="cleo")
    assert seen(replace(claims, held=True)) == ["export-3"]
    assert seen(replace(claims, held=True, held_by="anna")) == []
    assert seen(replace(claims, held=False)) == ["export-2", "export-4", "export-1"]
    assert seen(replace(claims, held=False, claimed_after=NOW)) == ["export-3", "export-2", "export-4", "export-1"]
    with store.begin() as records:
        records.save(replace(saved[2], state=ExportState.REJECTED), event("test:request:save", "test", "export-2"))
    assert "export-2" not in seen(Waiting())


def test_records_are_counted_as_they_are_found(store: SqlStore) -> None:
    times = (NOW, NOW + HOUR, NOW + 2 * HOUR)
    with store.begin() as records:
        for number, at in enumerate(times):
            notice = Notice(f"notice-{number}", "anna", NoticeKind.EXPORT_RELEASED, "care", "exports", "e", at)
            records.save(replace(notice, read=NOW if number else None), event("test:notice:save", "test", notice.id))
        for asked in ({}, {"person": "ben"}, {"read": None}, {"at": Between(NOW, NOW + HOUR)}, {"id": ("notice-1",)}):
            assert records.count(Notice, **asked) == len(records.find(Notice, **asked))
        assert records.count(Notice, at=Between(NOW + HOUR, NOW + 3 * HOUR)) == 2


def test_a_transaction_reads_what_it_wrote_itself(store: SqlStore) -> None:
    """What is read once in one look is kept, so it must be forgotten when it is written."""
    with store.begin() as records:
        assert records.get(Person, "steward") is None
        assert records.find(Person) == records.find(Person, name="steward") == []
        records.save(STEWARD, event("test:person:save", "test", "steward"))
        assert records.get(Person, "steward") == STEWARD
        assert records.find(Person) == records.find(Person, name="steward") == [STEWARD]
        records.find(Person).clear()
        assert records.find(Person) == [STEWARD]


def test_who_was_not_found_by_name_is_nobody_until_they_are_written(store: SqlStore) -> None:
    other = replace(STEWARD, name="other", title="Other")
    with store.begin() as records:
        records.save(STEWARD, event("test:person:save", "test", "steward"))
        assert records.find(Person, name=("steward", "other")) == [STEWARD]
        assert records.find(Person, name=("steward",), title="Another") == []
        assert (records.get(Person, "steward"), records.get(Person, "other")) == (STEWARD, None)
        records.save(other, event("test:person:save", "test", "other"))
        assert records.get(Person, "other") == other
        assert records.find(Person, name=("steward", "other")) == [STEWARD, other]
        assert records.find(Person, name=()) == []
        assert records.count(Person, name=()) == 0


def test_what_waited_before_waits_in_the_queue(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/lab.sqlite", SystemClock().now)
    migrate(store.engine)
    plain = ExportRequest("export-1", "care", "anna", "workspace", "c", NOW, {}, (), ExportState.RETURNED)
    others = (replace(plain, id="export-2", submitted=NOW - HOUR), replace(plain, id="x", state=ExportState.RELEASED))
    with store.begin() as records:
        for request in (plain, *others):
            records.save(request, event("test:request:save", "test", request.id))
        whole = records.waiting_heads(Waiting(), [Asker("care", "anna", "")])
    with store.engine.connect().execution_options(datalab_writes=True) as connection, connection.begin():
        for index in ("ix_export_request_waiting", "ix_notice_person", "ix_run_project", "ix_work_state"):
            connection.execute(text(f"DROP INDEX {index}"))
        for table in ("saved_views", "synthetic_twin", "release_term", "release_download"):
            connection.execute(text(f"DROP TABLE {table}"))
        added = (("export_request", name) for name in ("waiting", "groups", "supporting", "statement", "barred"))
        columns = (*added, ("snapshot_image", "root"), ("work", "priority"))
        for table, column in (*columns, ("schedule", "priority")):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": BEFORE_WAITING})
    migrate(store.engine)
    with store.read() as reading:
        assert reading.waiting_heads(Waiting(), [Asker("care", "anna", "")]) == whole
    assert [head.id for head in whole] == ["export-2", "export-1"]
    store.engine.dispose()


def test_votes_of_before_bind_to_the_context_that_they_were_cast_beside(tmp_path: Path) -> None:
    store, today = (SqlStore(f"sqlite:///{tmp_path}/{name}.sqlite", SystemClock().now) for name in ("old", "today"))
    migrate(today.engine)
    file = ExportFile("t.csv", canonical="b" * 64)
    plain = ExportRequest("export-1", "care", "anna", "run", "Why", NOW, {}, (file,), ExportState.IN_REVIEW, "p" * 64)
    contexts = contexts_of(plain)
    yes, no = (
        Vote(who, "t.csv", "b" * 64, "p" * 64, decision, "", NOW, context=contexts[""])
        for who, decision in (("steward", Decision.APPROVE), ("other", Decision.CHANGES))
    )
    owner = OwnerVote("owner", "jobs", Decision.APPROVE, "", NOW, seen_digest(plain))
    stale = replace(owner, dataset="other", seen="0" * 64)
    over = (Override("chief", "because", NOW, (no,)),)
    known = replace(plain, votes=(yes, no), overrides=over, owner_votes=(owner, stale))
    before = sha256(json.dumps([[["t.csv", "b" * 64]], "p" * 64]).encode()).hexdigest()
    old_yes, old_no = (replace(vote, context="") for vote in (yes, no))
    old = replace(
        known,
        votes=(old_yes, old_no),
        overrides=(replace(over[0], against=(old_no,)),),
        owner_votes=(replace(owner, seen=before), stale),
    )
    with today.begin() as records:
        for saved in (old, replace(plain, id="export-2")):
            records.save(saved, event("test:request:save", "test", saved.id))
    migrate(store.engine, BEFORE_GROUPS)
    assert "groups" not in copied_requests(today, store)
    migrate(store.engine)
    with store.read() as reading:
        assert reading.get(ExportRequest, "export-1") == known
        assert reading.get(ExportRequest, "export-2") == replace(plain, id="export-2")
    for made in (store, today):
        made.engine.dispose()
