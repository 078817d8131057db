"""Supporting files, written anew to be shown: nothing of them is judged, compared or counted, since none leaves.

Invariants:

* whatever they are, they end no check: what takes too long, or is too much, is refused, each file for itself;
* bytes, parts and time are bounded for all of them together, and there is room left for the check's answer;
* each has a share of the time, so that a slow one leaves some to those after it.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from hub.gate.engine import Guard, OutOfTimeError, written
from hub.gate.exchange import LARGEST_RESULT, MOST_SHOWN, MOST_SHOWN_BYTES, OfferedFile, ShownFile, file_name
from hub.gate.fragments import FileFragments, RefusalFragment, refused
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.sheets import sheets_of
from hub.policy.model import Policy
from hub.sandbox.program import FULL, write_atomically
from hub.sandbox.shares import share

Read = Callable[[OfferedFile], FileFragments]
Limit = Callable[[float], AbstractContextManager[None]]
"""Ends what runs inside at a time of the clock."""


def show(
    files: Sequence[OfferedFile], read: Read, target: Path, policy: Policy, until: float, limit: Limit
) -> Iterator[ShownFile]:
    """Write each file, or each sheet of a workbook, into ``target``, and say what was written or why it was not.

    The time for all of them is over at ``until``.
    """
    target.mkdir(exist_ok=True)
    parts_left, bytes_left = MOST_SHOWN, MOST_SHOWN_BYTES
    for before, file in enumerate(files):
        now = time.monotonic()
        guard = partial(limit, now + share(until - now, len(files) - before))
        parts = _parts(file, read, parts_left, guard)
        parts_left -= len(parts)
        for number, part in enumerate(parts, start=1):
            shown = _shown(part, number if len(parts) > 1 else 0, target, bytes_left, policy, guard)
            bytes_left -= shown.size
            yield shown


def _parts(file: OfferedFile, read: Read, most: int, guard: Guard) -> tuple[FileFragments, ...]:
    """The file, or each of its sheets; of a file alone there is always something to say."""
    why = RefusalReason.TOO_MANY_PARTS
    try:
        with guard():
            parts = sheets_of(read(file))
        if len(parts) <= max(most, 1):
            return parts
    except OutOfTimeError:
        why = RefusalReason.OUT_OF_TIME
    return (refused(file.index, file.path, 0, why),)


def _shown(file: FileFragments, number: int, target: Path, most: int, policy: Policy, guard: Guard) -> ShownFile:
    said = ShownFile(index=file.index, part=number, path=file.path, kind=file.kind)
    refusals = [part.reason for part in file.fragments if isinstance(part, RefusalFragment)]
    if refusals or not file.fragments:
        return said.model_copy(update={"refusal": next(iter(refusals), RefusalReason.UNKNOWN_KIND)})
    try:
        made = written(file, policy, guard)
    except ReadRefusedError as refusal:
        return said.model_copy(update={"refusal": refusal.reason})
    if len(made.content) > most or not _put(target, file_name(file.index, number), made.content):
        return said.model_copy(update={"refusal": RefusalReason.TOO_LARGE})
    digest = hashlib.sha256(made.content).hexdigest()
    return said.model_copy(
        update={"kind": made.file.kind, "name": made.name, "sha256": digest, "size": len(made.content)}
    )


def _put(folder: Path, name: str, content: bytes) -> bool:
    """Write a file where there is room for it and for the answer; say whether it was written."""
    if shutil.disk_usage(folder).free < len(content) + LARGEST_RESULT:
        return False
    try:
        write_atomically(folder, name, content)
    except OSError as error:
        if error.errno not in FULL:
            raise
        return False
    return True
