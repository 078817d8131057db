"""What the author of a request says of its files: in which groups they stand, and with which context.

Invariants:

* it is said in a draft, or in a request that was returned, and goes through the gate before anybody votes on it again;
* files stand in the order of their groups, the unnamed one first;
* a statement was made on what was said before: with other words it has to be made again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hub.domain.errors import ConflictError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.file_groups import UNNAMED, Grouped, check_groups, stripped
from hub.domain.supporting import SupportingFile, check_supporting

DESCRIBED_IN = (ExportState.DRAFT, ExportState.RETURNED)


def check_can_be_described(request: ExportRequest) -> None:
    """What people decide on stays as they read it: only a draft, or a returned request, is described anew."""
    if request.state not in DESCRIBED_IN:
        raise ConflictError(
            "The export request {id} is {state}; its context is changed in a draft, or after a steward returned it.",
            reason="request-state",
            id=request.id,
            state=request.state,
        )


def described(request: ExportRequest, context: str, groups: Grouped, supporting: Collection[str] = ()) -> ExportRequest:
    """Return the request with its context, its files in these groups and no others, and these supporting files."""
    check_supporting([file.path for file in request.files], supporting)
    said = [(stripped(group), members) for group, members in groups]
    check_groups(context, said, [file.path for file in request.files])
    place = {path: group.name for group, members in said for path in members}
    order = {name: n for n, name in enumerate([UNNAMED, *(group.name for group, _ in said)])}
    files = sorted(
        (replace(file, group=place.get(file.path, UNNAMED)) for file in request.files),
        key=lambda file: (order[file.group], file.path),
    )
    known = {file.path: file for file in request.supporting}
    return replace(
        request,
        context=context.strip(),
        groups=tuple(group for group, _ in said),
        files=tuple(files),
        supporting=tuple(known.get(path, SupportingFile(path)) for path in sorted(supporting)),
        statement=None,
    )
