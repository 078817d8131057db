"""What is sent about people, projects, datasets, policies, freezes and the register, and what is listed of the log."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from datasets_mount.catalogue import Tier
from hub.domain.people import Role
from hub.domain.publications import PublicField
from hub.web.models.texts import (
    LARGEST_COUNT,
    Line,
    Model,
    OptionalLine,
    OptionalWord,
    Prose,
    StructuralZero,
    Word,
    paragraphs,
)


class OrganisationBody(Model):
    """A partner's title."""

    title: Line


class PersonBody(Model):
    """A person's title, organisation and roles."""

    title: Line
    organisation: Word
    roles: Annotated[tuple[Role, ...], Field(max_length=len(Role))] = ()
    roles_end: date | None = None


class ProjectBody(Model):
    """A new project."""

    name: Word
    title: Line
    purpose: Prose
    lead: Word
    starts: date
    ends: date


class GrantBody(Model):
    """The last day of a grant; without one it has no end."""

    ends: date | None = None


class MemberBody(Model):
    """The last day of a membership; without one it ends with the project."""

    until: date | None = None


class RoomBody(Model):
    """How much room a project is to have, in bytes."""

    size: Annotated[int, Field(gt=0, le=LARGEST_COUNT)]


class RunGrantBody(Model):
    """How many runs more a project may start this month, and why."""

    runs: Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
    reason: Prose


class UploadQuery(Model):
    """The name that the sender gives the file."""

    name: Line


class DatasetBody(Model):
    """How a dataset is described by its owner's steward."""

    title: Line
    owner: Word
    tier: Tier
    privacy_unit: OptionalLine = ""
    direct_identifiers: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    profile: Word
    group_columns: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    structural_zeros: Annotated[tuple[StructuralZero, ...], Field(max_length=200)] = ()
    approvers: Annotated[int, Field(ge=0, le=100)] = 1
    approver_organisations: Annotated[int, Field(ge=0, le=100)] = 1
    owner_approves: bool = False


class CanaryBody(Model):
    """What was planted in a dataset: values, and rows that are picked by columns with their values."""

    canaries: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    canary_rows: Annotated[tuple[StructuralZero, ...], Field(max_length=20)] = ()


class PolicyBody(Model):
    """A layer of the disclosure policy as TOML; empty where none is to hold any longer."""

    text: Annotated[str, Field(max_length=20_000), AfterValidator(paragraphs)]


class OfferBody(Model):
    """Uploads that become a new snapshot."""

    uploads: Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)]


class FreezeBody(Model):
    """What is to be frozen, a project or with an empty name the whole lab, and why."""

    project: OptionalWord = ""
    reason: Prose


class ReopenBody(Model):
    """Why a release is opened again, and for how many days; as many as the site allows where that is not said."""

    reason: Prose
    days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = None


class PublicationBody(Model):
    """The fields that are public from now on; none takes the entry out of the register."""

    fields: Annotated[tuple[PublicField, ...], Field(max_length=len(PublicField))]


class NoticeFilter(Model):
    """Which of one's own notices to list."""

    unread: bool = False


class ReportFilter(Model):
    """Which submissions to report: of a project, from a first to a last day (UTC), both included."""

    project: OptionalWord = ""
    since: date | None = None
    until: date | None = None


class AuditQuery(Model):
    """Entries after a sequence number."""

    after: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
