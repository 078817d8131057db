"""The gate outside of the lab: the two programs of the gate's containers, as processes with hard limits.

Invariants:

* files are copied without following links and parsed by the reader's process, never by the caller's;
* the same programs run as in the lab's containers, so that one policy gives one verdict;
* blocked files have no canonical file in the folder of what may leave.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.local_policy import Description, merged_of, read_description
from hub.adapters.past_requests import REPORT
from hub.domain.errors import InvalidError
from hub.gate.exchange import (
    CheckFile,
    CheckRequest,
    DatasetDescription,
    TableDeclaration,
    Verdict,
    file_name,
)
from hub.gate.report import Report
from hub.gate.report_form import Audience
from hub.gate.sheets import split_path
from hub.sandbox.gate_programs import loaded_checker, make_folders, run_reader
from hub.sandbox.offered import Offered, keep_manifest, offered, take_in

TABLES = (".csv", ".tsv", ".ipynb", ".txt", ".md")
"""What of a folder of earlier releases holds tables."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked beside the files: datasets' descriptions, a policy, what to keep, and who reads the report."""

    descriptions: tuple[Path, ...] = ()
    policy: str = ""
    canonical: Path | None = None
    manifest: Path | None = None
    earlier: Path | None = None
    fix: bool = False
    audience: Audience = Audience.STEWARD
    registered: tuple[Description, ...] = ()
    """Snapshots of a lab's datasets; their files are named from the root."""


def check_paths(paths: Iterable[Path], asked: Asked = Asked()) -> Report:
    """Check files and folders as the gate would; the policy is a profile's name or a TOML file.

    Without one, the strictest of the datasets' profiles applies. ``earlier`` is a folder of tables that left before, as
    ``canonical`` writes them; what the descriptions declare of their paths holds for them, too. Raises InvalidError
    where the request cannot be understood and UnavailableError where a program did not answer.
    """
    described = [(read_description(path), path.parent) for path in asked.descriptions]
    described += [(description, Path("/")) for description in asked.registered]
    files = list(offered(paths))
    before = list(left_before(asked.earlier)) if asked.earlier else []
    merged = merged_of([d for d, _ in described], asked.policy)
    tables = {path: table for d, _ in described for path, table in declared(d).items()}
    with tempfile.TemporaryDirectory(prefix="datalab-gate-") as name, loaded_checker(Path(name)) as run_checker:
        work = Path(name)
        make_folders(work)
        taken = [take_in(file, work / "read/in" / file_name(n)) for n, file in enumerate(files, start=1)]
        for n, file in enumerate(before, start=len(files) + 1):
            take_in(file, work / "read/in" / file_name(n))
        read = run_reader(work, [file.path for file in (*files, *before)])
        plain = TableDeclaration()
        wanted = tuple(
            CheckFile(
                index=f.index,
                path=f.path,
                table=tables.get(f.path, plain),
                sheets=sheets_among(tables, f.path),
                earlier=f.index > len(files),
            )
            for f in read
        )
        datasets = tuple(mounted(work / f"data{n}", d, folder) for n, (d, folder) in enumerate(described))
        request = CheckRequest(files=wanted, datasets=datasets, policy=merged.policy, fix=asked.fix)
        result = run_checker(request)
        report = Report(result, merged, asked.audience, tables)
        if asked.manifest is not None:
            keep_manifest(asked.manifest, taken, result.files)
        if asked.canonical is not None:
            keep(work / "check/out/canonical", asked.canonical, report)
    return report


def left_before(folder: Path) -> Iterable[Offered]:
    """Tables that left before; their reports and receipts lie beside them and are no tables."""
    if not folder.is_dir():
        raise InvalidError("{path} is no folder of earlier tables.", reason="no-earlier", path=folder)
    return (file for file in offered([folder]) if file.source.suffix.lower() in TABLES)


def declared(description: Description) -> dict[str, TableDeclaration]:
    """Return the declarations of tables by path; they speak of the described dataset where they name none."""
    return {
        path: table.model_copy(update={"dataset": table.dataset or description.name})
        for path, table in description.tables.items()
    }


def sheets_among(tables: dict[str, TableDeclaration], path: str) -> dict[str, TableDeclaration]:
    """Return the declarations of a workbook's sheets, by the sheets' names."""
    split = ((split_path(name), table) for name, table in tables.items())
    return {sheet: table for (book, sheet), table in split if sheet and book == path}


def mounted(target: Path, description: Description, folder: Path) -> DatasetDescription:
    """Put a dataset's files where the checking program looks for them."""
    target.mkdir()
    for number, name in enumerate(description.files):
        file = (folder / name).absolute()
        if not file.is_file():
            raise InvalidError(
                "The dataset {name} has no file {file}; correct “files” in its description.",
                reason="dataset-missing",
                name=description.name,
                file=name,
            )
        (target / f"{number:04d}.parquet").symlink_to(file)
    return DatasetDescription(
        name=description.name,
        folder=str(target),
        privacy_unit=description.privacy_unit,
        direct_identifiers=description.direct_identifiers,
        profile=description.profile,
        group_columns=description.group_columns,
        structural_zeros=description.structural_zeros,
        canaries=description.canaries,
        canary_rows=description.canary_rows,
    )


def keep(source: Path, target: Path, report: Report) -> None:
    """Write the canonical files that are not blocked under their own names, and the report beside them."""
    kept = [f for f in report.result.files if f.canonical_name and f.verdict is not Verdict.BLOCK]
    if any(file.canonical_name.casefold() == REPORT for file in kept):
        raise InvalidError(
            "A file called {name} cannot be kept beside the report of that name. Rename it.",
            reason="report-name",
            name=REPORT,
        )
    for file in kept:
        path = target / file.canonical_name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file_name(file.index, file.part), path)
    target.mkdir(parents=True, exist_ok=True)
    (target / REPORT).write_text(report.to_json() + "\n", encoding="utf-8")
