"""The gate outside of the lab: the two programs of the gate's containers, as processes with hard limits.

Invariants:

* files are copied without following links and parsed by the reader's process, never by the caller's;
* the same programs run as in the lab's containers, so that one policy gives one verdict.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field, ValidationError

from hub.domain.errors import InvalidError, UnavailableError
from hub.domain.sandbox_exit import SandboxExit, sentence
from hub.gate.exchange import (
    LARGEST_RESULT,
    CheckFile,
    CheckRequest,
    CheckResult,
    ColumnName,
    DatasetDescription,
    OfferedFile,
    ReadRequest,
    StructuralZero,
    TableDeclaration,
    file_name,
)
from hub.gate.fragments import Part
from hub.gate.report import Report
from hub.policy.load import load_profile, merged_profiles, parse_policy
from hub.policy.model import Policy

SECONDS = 600
LISTS = ("files", "direct_identifiers", "group_columns", "structural_zeros")
TABLES = (".csv", ".tsv", ".ipynb", ".txt", ".md")
"""What of a folder of earlier releases holds tables."""


class Description(Part):
    """A dataset, described in TOML beside its Parquet files; ``tables`` declares tables by the path of their file."""

    name: str = Field(min_length=1, max_length=100)
    files: tuple[str, ...] = Field(min_length=1, max_length=500)
    privacy_unit: ColumnName = ""
    direct_identifiers: tuple[ColumnName, ...] = ()
    profile: str = ""
    group_columns: tuple[ColumnName, ...] = ()
    structural_zeros: tuple[StructuralZero, ...] = ()
    tables: dict[str, TableDeclaration] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that is checked: where it lies and the path that it goes by."""

    source: Path
    path: str
    earlier: bool = False


def check_paths(
    paths: Iterable[Path],
    descriptions: Iterable[Path] = (),
    policy: str = "",
    canonical: Path | None = None,
    earlier: Path | None = None,
) -> Report:
    """Check files and folders as the gate would; ``policy`` is a profile's name or a TOML file.

    Without one, the strictest of the datasets' profiles applies. Canonical files are written to ``canonical``.
    ``earlier`` is a folder of tables that left before, as ``canonical`` writes them; what the descriptions declare of
    their paths holds for them, too. Raises
    InvalidError where the request cannot be understood and UnavailableError where a program did not answer.
    """
    described = [(read_description(path), path.parent) for path in descriptions]
    files = [*_offered(paths), *(_before(earlier) if earlier else ())]
    rules = _policy(policy, [d.profile for d, _ in described if d.profile])
    with tempfile.TemporaryDirectory(prefix="datalab-gate-") as name:
        work = Path(name)
        result = _run(work, files, described, rules)
        if canonical is not None:
            _keep(work / "check/out/canonical", canonical, result)
    return Report(result, rules)


def read_description(path: Path) -> Description:
    """Read a dataset's description; all its faults are said at once."""
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = body.get("tables", {})
        lists = {key: tuple(body[key]) for key in LISTS if isinstance(body.get(key), list)}
        return Description.model_validate(body | lists | {"tables": {k: _table(v) for k, v in tables.items()}})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
        raise InvalidError(
            "The description {path} cannot be read: {why}.", reason="description-unreadable", path=path, why=error
        ) from None
    except ValidationError as error:
        raise InvalidError(
            "The description {path} has {count} fault(s): {faults}.",
            reason="description-invalid",
            path=path,
            count=error.error_count(),
            faults="; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()),
        ) from None


def _table(value: object) -> TableDeclaration:
    body: dict[str, object] = dict(value) if isinstance(value, dict) else {"": value}
    dimensions = body.get("dimensions", [])
    return TableDeclaration.model_validate(
        body | {"dimensions": tuple(dimensions) if isinstance(dimensions, list) else dimensions}
    )


def _policy(given: str, profiles: list[str]) -> Policy:
    if given.endswith(".toml"):
        path = Path(given)
        try:
            return parse_policy(path.stem, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidError(
                "The policy {path} cannot be read: {why}.", reason="policy-unreadable", path=path, why=error
            ) from None
    return load_profile(given) if given else merged_profiles(tuple(profiles))


def _offered(paths: Iterable[Path]) -> Iterable[Offered]:
    """Files as they are given, and those below folders, in the order of their names."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for found in sorted(path.rglob("*")):
                if found.is_symlink() or not found.is_dir():
                    yield Offered(found, found.relative_to(path).as_posix())
        else:
            yield Offered(path, path.name)


def _before(folder: Path) -> Iterable[Offered]:
    """Tables that left before; their reports and receipts lie beside them and are no tables."""
    if not folder.is_dir():
        raise InvalidError("{path} is no folder of earlier tables.", reason="no-earlier", path=folder)
    for file in _offered([folder]):
        if file.source.suffix.lower() in TABLES:
            yield replace(file, earlier=True)


def _run(work: Path, files: list[Offered], described: list[tuple[Description, Path]], policy: Policy) -> CheckResult:
    for folder in ("read/in", "read/out", "check/in", "check/out"):
        (work / folder).mkdir(parents=True)
    for index, file in enumerate(files, start=1):
        _copy(file, work / "read/in" / file_name(index))
    offered = tuple(OfferedFile(index=i, path=f.path) for i, f in enumerate(files, start=1))
    (work / "read/in/request.json").write_text(ReadRequest(files=offered).model_dump_json(), encoding="utf-8")
    _start("hub.sandbox.read", work / "read")
    (work / "read/out/fragments").rename(work / "check/in/fragments")
    declared = {path: table for d, _ in described for path, table in _declared(d).items()}
    datasets = tuple(_mounted(work / f"data{n}", d, folder) for n, (d, folder) in enumerate(described))
    plain = TableDeclaration()
    asked = tuple(
        CheckFile(index=o.index, path=o.path, table=declared.get(o.path, plain), earlier=f.earlier)
        for o, f in zip(offered, files, strict=True)
    )
    request = CheckRequest(files=asked, datasets=datasets, policy=policy)
    (work / "check/in/request.json").write_text(request.model_dump_json(), encoding="utf-8")
    _start("hub.sandbox.check", work / "check")
    return _result(work / "check/out/result.json")


def _declared(description: Description) -> dict[str, TableDeclaration]:
    return {
        path: table.model_copy(update={"dataset": table.dataset or description.name})
        for path, table in description.tables.items()
    }


def _mounted(target: Path, description: Description, folder: Path) -> DatasetDescription:
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
    )


def _copy(file: Offered, target: Path) -> None:
    """Copy a regular file; a link, a pipe or a device is refused and nothing waits for it."""
    try:
        descriptor = os.open(file.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidError(
            "{path} cannot be read: {why}. Give a plain file.",
            reason="not-readable",
            path=file.path,
            why=error.strerror,
        ) from None
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidError("{path} is not a plain file. Give a plain file.", reason="not-a-file", path=file.path)
        with target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def _start(program: str, root: Path) -> None:
    """Run one of the gate's programs; what it prints is thrown away, its exit code is all that counts."""
    command = [sys.executable, "-P", "-m", program, str(root)]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            "The check did not end within {seconds} seconds. Check fewer or smaller files.",
            reason="check-timeout",
            seconds=SECONDS,
        ) from None
    if ended.returncode != SandboxExit.OK:
        raise UnavailableError("{why}", reason="check-failed", why=sentence(ended.returncode))


def _result(path: Path) -> CheckResult:
    try:
        with path.open("rb") as file:
            return CheckResult.model_validate_json(file.read(LARGEST_RESULT))
    except (OSError, ValidationError):
        raise UnavailableError("The check left no answer that can be read.", reason="check-unreadable") from None


def _keep(source: Path, target: Path, result: CheckResult) -> None:
    """Write the canonical files that are not blocked under their own names."""
    for file in result.files:
        if file.canonical_name and file.verdict != "block":
            path = target / file.canonical_name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file_name(file.index), path)
