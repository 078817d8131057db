"""What another policy would change for past requests: their canonical files are checked under both policies.

Invariants:

* both policies judge the same bytes with the same datasets at hand, so that all that differs is the policy;
* nothing of a file's content stands in the answer: checks, severities and verdicts alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.local_gate import mounted
from hub.adapters.local_policy import local_policy, read_description
from hub.adapters.past_requests import PastRequest, read_past
from hub.gate.exchange import CheckedFile, CheckFile, CheckRequest, TableDeclaration, file_name
from hub.policy.model import Policy, policy_digest
from hub.sandbox.gate_programs import make_folders, run_checker, run_reader
from hub.sandbox.offered import Offered, take_in


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes for one file: verdicts, and the checks that would speak up or fall silent."""

    request: str
    path: str
    before: str
    after: str
    appears: tuple[str, ...]
    disappears: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a policy would change: of how many files, and for which of them."""

    policy_digest: str
    requests: int
    files: int
    not_looked_at: int
    differences: tuple[Difference, ...]


def simulate(policy: str, past: Path, descriptions: Sequence[Path] = ()) -> Simulation:
    """Check past requests under a policy; descriptions name the datasets that are at hand."""
    requests = read_past(past)
    new = local_policy([], policy).policy
    differences = tuple(d for request in requests for d in _differences(request, new, descriptions))
    files = sum(len(request.files) for request in requests)
    missing = sum(request.missing for request in requests)
    return Simulation(policy_digest(new), len(requests), files, missing, differences)


def _differences(request: PastRequest, new: Policy, descriptions: Sequence[Path]) -> Iterator[Difference]:
    before, after = _judged(request, (request.report.policy, new), descriptions)
    for one, other in zip(before, after, strict=True):
        first, second = _words(one), _words(other)
        if first != second or one.verdict != other.verdict:
            appears, disappears = tuple(sorted(second - first)), tuple(sorted(first - second))
            yield Difference(request.name, one.path, one.verdict, other.verdict, appears, disappears)


def _words(file: CheckedFile) -> set[str]:
    return {f"{found.check} ({found.severity})" for found in file.findings}


def _judged(
    request: PastRequest, policies: Sequence[Policy], descriptions: Sequence[Path]
) -> list[tuple[CheckedFile, ...]]:
    """Return what the checks say of the canonical files under each policy."""
    with tempfile.TemporaryDirectory(prefix="datalab-policy-") as name:
        work = Path(name)
        make_folders(work)
        for n, (file, path) in enumerate(request.files, start=1):
            take_in(Offered(path, file.path), work / "read/in" / file_name(n))
        read = run_reader(work, [file.canonical_name for file, _ in request.files])
        known = [(read_description(path), path.parent) for path in descriptions]
        datasets = tuple(mounted(work / f"data{n}", d, folder) for n, (d, folder) in enumerate(known))
        names = {d.name for d in datasets}
        tables = [file.table for file, _ in request.files]
        asked = tuple(
            CheckFile(index=f.index, path=f.path, table=_known(table, names))
            for f, table in zip(read, tables, strict=True)
        )
        return [
            run_checker(work, CheckRequest(files=asked, datasets=datasets, policy=policy)).files for policy in policies
        ]


def _known(table: TableDeclaration, names: set[str]) -> TableDeclaration:
    """A declaration of a dataset that is not at hand says nothing here."""
    return table if table.dataset in names else TableDeclaration()
