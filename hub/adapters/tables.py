"""The lab's own tables: one for each kind of record, columns named as the record's fields, and the audit log.

Plain fields are columns of their own; what is nested is JSON. ``ordinal`` is the sequence number of the audit entry
with which the record was first saved, so records have one order everywhere.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from datasets_mount.catalogue import Dataset, Grant, Offer, Snapshot, Twin
from datasets_mount.images import SnapshotImage
from datasets_mount.synthetic import SyntheticTwin
from hub.domain.canaries import Canaries
from hub.domain.comments import Comment
from hub.domain.downloads import OwnDownload, ReleaseTerm
from hub.domain.examinations import Examination
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportRequest
from hub.domain.freezes import Freeze
from hub.domain.heads import risk_of
from hub.domain.notebooks import Notebook
from hub.domain.notices import Message, Notice
from hub.domain.owners import Delegation
from hub.domain.people import Organisation, Person
from hub.domain.policy_layers import PolicyLayer
from hub.domain.projects import Project
from hub.domain.publications import Publication
from hub.domain.queue import queued_since
from hub.domain.registers import Register
from hub.domain.releases import Release
from hub.domain.run_budgets import RunGrant
from hub.domain.runs import Run
from hub.domain.saved_views import SavedViews
from hub.domain.schedules import Schedule
from hub.domain.space import Alarm
from hub.domain.uploads import Upload
from hub.domain.work import Work
from hub.domain.workspaces import Workspace


class UtcTime(TypeDecorator[datetime]):
    """An aware moment; SQLite forgets the zone, so it is kept and given back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """A moment without zone is a fault of ours, found before it is stored."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without time zone cannot be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


KEYS: dict[type, tuple[str, str]] = {
    Organisation: ("organisation", "name"),
    Person: ("person", "name"),
    Project: ("project", "name"),
    Upload: ("upload", "id"),
    Dataset: ("dataset", "name"),
    Canaries: ("dataset_canaries", "dataset"),
    Offer: ("offer", "id"),
    Snapshot: ("snapshot", "digest"),
    SnapshotImage: ("snapshot_image", "snapshot"),
    Twin: ("twin", "snapshot"),
    SyntheticTwin: ("synthetic_twin", "id"),
    Grant: ("dataset_grant", "id"),
    Notebook: ("notebook", "id"),
    Run: ("run", "id"),
    RunGrant: ("run_grant", "id"),
    Schedule: ("schedule", "id"),
    Work: ("work", "id"),
    ExportRequest: ("export_request", "id"),
    Comment: ("export_comment", "id"),
    Release: ("release", "id"),
    ReleaseTerm: ("release_term", "release"),
    OwnDownload: ("release_download", "id"),
    Register: ("table_register", "id"),
    Workspace: ("workspace", "id"),
    Alarm: ("alarm", "id"),
    Examination: ("examination", "id"),
    PolicyLayer: ("policy_layer", "id"),
    Freeze: ("export_freeze", "id"),
    Delegation: ("dataset_delegation", "id"),
    Publication: ("publication", "id"),
    GateException: ("export_exception", "id"),
    SavedViews: ("saved_views", "person"),
    Notice: ("notice", "id"),
    Message: ("message", "id"),
}
"""Kind of record → its table's name and the field that names a record."""

METADATA = MetaData()


def _type_of(annotation: object) -> TypeEngine[typing.Any]:
    """Return a plain column's type, or JSON for what is nested."""
    plain = [a for a in typing.get_args(annotation) if a is not type(None)] or [annotation]
    if len(plain) == 1 and isinstance(plain[0], type):
        for python, column in _PLAIN:
            if issubclass(plain[0], python):
                return column
    return JSON()


_PLAIN: list[tuple[type, TypeEngine[typing.Any]]] = [
    (bool, Boolean()),
    (int, BigInteger()),
    (Enum, Text()),
    (str, Text()),
    (datetime, UtcTime()),
    (date, Date()),
]


class Derived(typing.NamedTuple):
    """A column beside a record's own fields: its type, and what it is made with from the record."""

    type: TypeEngine[typing.Any]
    make: Callable[[typing.Any], object]
    nullable: bool = False


DERIVED: dict[type, dict[str, Derived]] = {
    ExportRequest: {
        "file_count": Derived(Integer(), lambda request: len(request.files)),
        "risk": Derived(Text(), lambda request: risk_of(request) or ""),
        "waiting": Derived(UtcTime(), queued_since, nullable=True),
    }
}
"""Columns beside a record's own fields, made from it when it is saved, so that lists need not read what is nested."""


def _table(kind: type, name: str, key: str) -> Table:
    hints = typing.get_type_hints(kind)
    columns = [
        Column(
            field.name,
            _type_of(hints[field.name]) if typing.get_origin(hints[field.name]) not in (tuple, dict) else JSON(),
            primary_key=field.name == key,
            nullable=type(None) in typing.get_args(hints[field.name]),
        )
        for field in dataclasses.fields(kind)
    ]
    columns += [Column(title, made.type, nullable=made.nullable) for title, made in DERIVED.get(kind, {}).items()]
    return Table(name, METADATA, Column("ordinal", BigInteger(), nullable=False, index=True), *columns)


TABLES: dict[type, Table] = {kind: _table(kind, name, key) for kind, (name, key) in KEYS.items()}

Index("ix_export_request_state", TABLES[ExportRequest].c.state)
_ASKED_OF_THE_QUEUE = ("waiting", "id", "project", "author", "barred")
Index("ix_export_request_waiting", *(TABLES[ExportRequest].c[name] for name in _ASKED_OF_THE_QUEUE))
Index("ix_notice_person", TABLES[Notice].c.person, TABLES[Notice].c.read)
Index("ix_work_state", TABLES[Work].c.state)
Index("ix_release_download_release", TABLES[OwnDownload].c.release, TABLES[OwnDownload].c.person)
Index("ix_run_project", TABLES[Run].c.project, TABLES[Run].c.created)

AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", Integer(), primary_key=True, autoincrement=False),
    Column("at", UtcTime(), nullable=False),
    Column("name", Text(), nullable=False),
    Column("actor", Text(), nullable=False),
    Column("subject", Text(), nullable=False),
    Column("project", Text(), nullable=False),
    Column("details", JSON(), nullable=False),
    Column("previous", Text(), nullable=False),
    Column("digest", Text(), nullable=False),
    Index("ix_audit_name", "name", "seq"),
)

HEARTBEAT = Table(
    "heartbeat", METADATA, Column("name", Text(), primary_key=True), Column("at", UtcTime(), nullable=False)
)
"""When a process of the lab wrote last that it lives: no record of anybody's, so it stands outside the audit log."""
