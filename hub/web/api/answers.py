"""Answers of the API that hold more than one of the lab's records."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from datasets_mount.catalogue import Dataset, Grant, Offer, Snapshot
from hub.domain.evidence import Evidence, evidence_of
from hub.domain.examinations import Attempt, Examination, Verdict, examination_digest
from hub.domain.exports import ExportRequest
from hub.domain.projects import Project, Room
from hub.domain.reproductions import Repetition, Reproduction
from hub.domain.run_memory import RunMemory
from hub.domain.run_times import RunTimes
from hub.domain.runs import Run
from hub.domain.work import Work


@dataclass(frozen=True, slots=True)
class ProjectAnswer:
    """A project, what it may use, and where the person's own workspace in it opens; empty for who is no member.

    ``past_grants`` are those that were withdrawn, or whose last day is over; ``waiting_grants`` those that the lead
    has to accept first.
    ``workspace_ends`` is when the person's open workspace ends at the latest.
    """

    project: Project
    grants: tuple[Grant, ...]
    past_grants: tuple[Grant, ...]
    waiting_grants: tuple[Grant, ...]
    workspace_url: str
    workspace_ends: datetime | None
    room: Room


@dataclass(frozen=True, slots=True)
class DatasetAnswer:
    """A dataset with its snapshots, oldest first.

    ``broken`` names the snapshots that are not what was registered, for auditors and stewards of the owner.
    """

    dataset: Dataset
    snapshots: tuple[Snapshot, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """An offer, and how far its conversion has come."""

    offer: Offer
    work: Work


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """A run, and how far it has come."""

    run: Run
    work: Work


@dataclass(frozen=True, slots=True)
class SweepHead:
    """A sweep: how many of its runs have ended of how many, and how many are in each state."""

    id: str
    project: str
    notebook: str
    requester: str
    created: datetime
    progress: tuple[int, int]
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class SweepAnswer(SweepHead):
    """A sweep with its runs."""

    runs: tuple[RunAnswer, ...]


@dataclass(frozen=True, slots=True)
class RunProgressAnswer:
    """A run with its notebook's name and, while it runs, how many cells are done of how many.

    ``place_in_queue`` is how many turns it is away from its start while it waits, ``times`` how long it has run and
    how much longer it will, by earlier runs of its notebook, ``memory`` how much it uses, seen from outside, and of a
    run on secret data nothing. ``repetitions`` are those of this run, oldest first;
    ``reproduction`` is what they say of its outputs.
    """

    run: Run
    work: Work
    notebook_name: str
    progress: tuple[int, int] | None
    place_in_queue: int | None
    times: RunTimes | None
    memory: RunMemory | None
    repetitions: tuple[Repetition, ...]
    reproduction: Reproduction


@dataclass(frozen=True, slots=True)
class ExportAnswer(ExportRequest):
    """An export request, and who says where its files come from: the lab (``attested``) or its author (``claimed``)."""

    evidence: Evidence = Evidence.CLAIMED


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """The public key that receipts are verified with, and its fingerprint to compare by eye."""

    pem: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ExaminationAnswer:
    """The promises of the lab as ``datalab doctor`` tried them; also what ``datalab doctor --json`` prints.

    ``verdicts`` has P1 to P9 and ``machine``; ``machine`` has the versions and digests of what was tried; ``entry`` is
    the number of the audit entry that holds ``digest``, 0 for a result that is not kept.
    """

    began: datetime
    seconds: int
    verdicts: dict[str, Verdict]
    machine: dict[str, str]
    attempts: tuple[Attempt, ...]
    entry: int
    digest: str


def answer_of(examination: Examination) -> ExaminationAnswer:
    """Return an examination with its verdicts and its digest."""
    return ExaminationAnswer(
        examination.began,
        examination.seconds,
        {str(promise): verdict for promise, verdict in examination.verdicts.items()},
        examination.machine,
        examination.attempts,
        examination.entry,
        examination_digest(examination),
    )


@dataclass(frozen=True, slots=True)
class SplitAnswer:
    """What stays of a request that was split, and the request that its other files go on in."""

    rest: ExportRequest
    part: ExportRequest


def export_answer(request: ExportRequest) -> ExportAnswer:
    """Return a request with the evidence that there is for its source."""
    held = {field.name: getattr(request, field.name) for field in fields(ExportRequest)}
    return ExportAnswer(**held, evidence=evidence_of(request.source))
