"""Supporting files, written anew to be shown: nothing of them is judged, compared or counted, since none leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.gate.engine import Guard, written
from hub.gate.exchange import ShownFile, file_name
from hub.gate.fragments import FileFragments, RefusalFragment
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.gate.sheets import sheets_of
from hub.policy.model import Policy


def show(files: Iterable[FileFragments], target: Path, policy: Policy, guard: Guard) -> Iterator[ShownFile]:
    """Write each file, or each sheet of a workbook, into ``target``, and say what was written or why it was not."""
    target.mkdir(exist_ok=True)
    for file in files:
        parts = sheets_of(file)
        for number, part in enumerate(parts, start=1):
            yield _shown(part, number if len(parts) > 1 else 0, target, policy, guard)


def _shown(file: FileFragments, number: int, target: Path, policy: Policy, guard: Guard) -> ShownFile:
    said = ShownFile(index=file.index, part=number, path=file.path, kind=file.kind)
    refusals = [part.reason for part in file.fragments if isinstance(part, RefusalFragment)]
    if refusals or not file.fragments:
        return said.model_copy(update={"refusal": next(iter(refusals), RefusalReason.UNKNOWN_KIND)})
    try:
        made = written(file, policy, guard)
    except ReadRefusedError as refusal:
        return said.model_copy(update={"refusal": refusal.reason})
    (target / file_name(file.index, number)).write_bytes(made.content)
    digest = hashlib.sha256(made.content).hexdigest()
    return said.model_copy(
        update={"kind": made.file.kind, "name": made.name, "sha256": digest, "size": len(made.content)}
    )
