"""The checking container: fragments and datasets in, findings and canonical files out.

``/in/request.json`` names the files with their declarations, the datasets and the policy; ``/in/earlier.json`` tells
which tables left before; ``/in/fragments`` holds what the reader's container wrote. ``/out/canonical/0001`` and so on
are the files that may leave, ``/out/shown/0002`` and so on what reviewers see of the files that never leave, and
``/out/result.json`` is the gate's answer. With ``--when-told`` it loads, and waits
for a byte of standard input before it looks at anything.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import polars as pl
from pydantic import ValidationError

from hub.domain.errors import InvalidError
from hub.domain.exports import Finding, Fix
from hub.domain.sandbox_exit import SandboxExit
from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.card_form import CardPart
from hub.gate.earlier import MOST_EARLIER_BYTES, EarlierTables, with_tables
from hub.gate.engine import Judgement, OutOfTimeError, check_request, tables_of
from hub.gate.exchange import (
    EARLIER_NAME,
    MOST_FIXED,
    MOST_REQUEST_BYTES,
    MOST_SHOWN_BYTES,
    CheckedFile,
    CheckFile,
    CheckRequest,
    CheckResult,
    FixPart,
    FoundPart,
    OfferedFile,
    ShownFile,
    TablePart,
    file_name,
)
from hub.gate.fix import fix_request
from hub.gate.fragments import FileFragments, RefusalFragment, refused
from hub.gate.mounted import MountedDataset, mount
from hub.gate.refusals import RefusalReason
from hub.gate.sheets import sheets_of, split_path
from hub.gate.verdict import strictest
from hub.gate.version import ENGINE
from hub.policy.model import policy_digest
from hub.sandbox.program import SandboxError, read_bounded, run_program
from hub.sandbox.shares import latest_end
from hub.sandbox.show import show

SECONDS_EACH = 60
LARGEST_FRAGMENTS = 256 * 2**20


@dataclass(frozen=True, slots=True)
class _Part:
    """A file to judge, with its declaration; ``number`` counts the sheets of a workbook that has several."""

    file: FileFragments
    table: TableContext
    number: int


def check(root: Path, seconds: int = SECONDS_EACH) -> SandboxExit:
    """Judge every file of the request below ``root`` and write the answer."""
    began = time.monotonic()
    source, target = root / "in", root / "out"
    request = _request(source / "request.json")
    datasets = _datasets(request)
    parts = list(_parts(source / "fragments", request))
    offered = [(part.file, part.table) for part in parts]
    earlier = _earlier(source / EARLIER_NAME, source / "fragments", request, datasets)

    def guard() -> AbstractContextManager[None]:
        return _time_limit(seconds)

    judge = fix_request if request.fix else check_request
    others = tuple(_others(source / "fragments", request))
    all_count = request.others_all_count and all(_was_read(other) for other, _ in others)
    beside = Beside(earlier, request.month_bytes, request.approved, others, all_count)
    judged = judge(offered, request.policy, datasets, guard, beside)
    (target / "canonical").mkdir(exist_ok=True)
    files = []
    for part, judgement in zip(parts, judged, strict=True):
        if judgement.canonical is not None:
            (target / "canonical" / file_name(part.file.index, part.number)).write_bytes(judgement.canonical.content)
        files.append(checked(part.file, part.number, judgement))
    until = latest_end(began, request.seconds)
    result = CheckResult(
        engine=ENGINE,
        policy_digest=policy_digest(request.policy),
        verdict=strictest(j.verdict for j in judged),
        files=tuple(files),
        shown=tuple(_shown(source / "fragments", target / "shown", request, until)),
    )
    (target / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
    return SandboxExit.OK


def _request(path: Path) -> CheckRequest:
    try:
        return CheckRequest.model_validate_json(read_bounded(path, MOST_REQUEST_BYTES))
    except (OSError, ValidationError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def _datasets(request: CheckRequest) -> tuple[MountedDataset, ...]:
    try:
        return tuple(mount(dataset) for dataset in request.datasets)
    except (InvalidError, OSError, pl.exceptions.PolarsError):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None


def _parts(folder: Path, request: CheckRequest) -> Iterator[_Part]:
    """Give the files to judge; what is declared of a workbook speaks of each sheet without a declaration of its own."""
    for file in request.files:
        if not (file.earlier or file.other or file.run):
            parts = sheets_of(_fragments(folder, file))
            for number, part in enumerate(parts, start=1):
                declared = file.sheets.get(split_path(part.path)[1] or "", file.table)
                yield _Part(part, declared.value(), number if len(parts) > 1 else 0)


def _others(folder: Path, request: CheckRequest) -> Iterator[tuple[FileFragments, bool]]:
    """Give the files that are not judged, and whose small parts count with those that are, and whether they left."""
    for file in request.files:
        if file.earlier or file.other:
            yield from ((part, file.earlier or file.left) for part in sheets_of(_fragments(folder, file)))


def _shown(folder: Path, target: Path, request: CheckRequest, until: float) -> Iterator[ShownFile]:
    """Show the files that never leave; they are among no others. What is too large to be shown is not even read."""

    def read(file: OfferedFile) -> FileFragments:
        return _fragments(folder, file, MOST_SHOWN_BYTES, RefusalReason.TOO_LARGE)

    def limit(end: float) -> AbstractContextManager[None]:
        return _time_limit(end - time.monotonic())

    return show(request.supporting, read, target, request.policy, until, limit)


def _fragments(
    folder: Path,
    file: OfferedFile,
    most: int = LARGEST_FRAGMENTS,
    too_large: RefusalReason = RefusalReason.CRASHED,
) -> FileFragments:
    """Return what was read of a file; what is missing, too large or of another form counts as a crash of its reader."""
    path = folder / f"{file_name(file.index)}.json"
    try:
        if path.stat().st_size > most:
            return refused(file.index, file.path, 0, too_large)
        read = FileFragments.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return refused(file.index, file.path, 0, RefusalReason.CRASHED)
    if (read.index, read.path) != (file.index, file.path):
        return refused(file.index, file.path, 0, RefusalReason.CRASHED)
    return read


def _was_read(file: FileFragments) -> bool:
    """Whether a reader came to an end with a file; one that it refused for what is in it cannot leave either."""
    return RefusalFragment(reason=RefusalReason.CRASHED) not in file.fragments


def _earlier(path: Path, fragments: Path, request: CheckRequest, datasets: tuple[MountedDataset, ...]) -> EarlierTables:
    """What left before: as the lab's registry tells, and files of the request that are only compared with."""
    try:
        known = EarlierTables.model_validate_json(read_bounded(path, 2 * MOST_EARLIER_BYTES))
    except FileNotFoundError:
        known = EarlierTables()
    except (OSError, ValidationError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None
    for file in request.files:
        if file.earlier or file.run:
            read = _fragments(fragments, file)
            told = _tables_of(read, _declaration(file), request, datasets)
            known = with_tables(known, told, current=file.current)
            if not _was_read(read):
                known = known.model_copy(update={"complete": False})
    return known


def _tables_of(
    file: FileFragments, declared: TableContext, request: CheckRequest, datasets: tuple[MountedDataset, ...]
) -> list[TablePart]:
    """The tables of a file, or of each sheet of a workbook."""
    return [table for part in sheets_of(file) for table in tables_of(part, declared, request.policy, datasets)]


def _declaration(file: CheckFile) -> TableContext:
    return file.table.value()


def checked(file: FileFragments, number: int, judgement: Judgement) -> CheckedFile:
    """Return what the answer says of a file, or of the sheet of that number."""
    made = judgement.canonical
    return CheckedFile(
        index=file.index,
        part=number,
        path=file.path,
        kind=file.kind,
        verdict=judgement.verdict,
        canonical_name=made.name if made else "",
        sha256=judgement.sha256,
        size=len(made.content) if made else 0,
        findings=tuple(map(_found, judgement.findings)),
        tables=judgement.tables,
        classes=judgement.classes,
        card=CardPart.of(judgement.card) if judgement.card else None,
    )


def _found(finding: Finding) -> FoundPart:
    return FoundPart(
        check=finding.check,
        severity=finding.severity,
        place=finding.place[:600],
        sentence=finding.sentence[:800],
        rule=finding.rule[:800],
        detail=finding.detail[:800],
        parameters=finding.parameters,
        fix=_fix(finding.fix),
    )


def _fix(fix: Fix | None) -> FixPart | None:
    """A fix of more rows than an answer may name is left to its author."""
    if fix is None or len(fix.rows) > MOST_FIXED:
        return None
    return FixPart(kind=fix.kind, place=fix.place[:600], rows=fix.rows, columns=fix.columns, base=fix.base)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Give what runs inside so many seconds; what does not finish, or has none, is out of time."""
    if seconds <= 0:
        raise OutOfTimeError

    def out_of_time(_: int, __: FrameType | None) -> None:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    if "--when-told" in sys.argv[2:] and not sys.stdin.buffer.read(1):
        # Who began it has gone.
        sys.exit(SandboxExit.BAD_REQUEST)
    run_program(check, Path(sys.argv[1]) if len(sys.argv) > 1 else Path("/"))
