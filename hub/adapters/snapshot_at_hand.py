"""A snapshot of a registered dataset, whose files somebody has at hand: what the lab says of it, and where they lie.

Invariants:

* the lab tells what a dataset's owner declared, and which files a snapshot is made of; it gives nobody their bytes;
* a file is taken by its SHA-256 alone, whatever it is called; a snapshot that is not there as a whole is an error, so
  that nothing is called harmless for want of something to compare it with.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hub.adapters.local_policy import Description
from hub.domain.errors import InvalidError, NotFoundError
from hub.policy.explain import ExplainedPolicy
from hub.policy.layers import unflat
from hub.policy.load import load_profile

_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_MOST_FOLDERS = 10_000


def named(text: str) -> tuple[str, str]:
    """Return the name and the digest of ``NAME@DIGEST``; without a digest, the newest snapshot is meant."""
    name, mark, digest = text.partition("@")
    if not name or (mark and not _DIGEST.fullmatch(digest)):
        raise InvalidError(
            "“{text}” names no snapshot: type NAME, or NAME@DIGEST with eight or more digits of the snapshot's digest. "
            "“datalab dataset list” shows both.",
            reason="snapshot-name",
            text=text,
        )
    return name, digest


def snapshot_of(entry: dict[str, Any], digest: str) -> dict[str, Any]:
    """Return the snapshot of a dataset whose digest begins so, or the newest; the lab has listed all of them."""
    name, known = entry["dataset"]["name"], entry["snapshots"]
    found: list[dict[str, Any]] = [s for s in known if s["digest"].startswith(digest)] if digest else known[-1:]
    if not found:
        raise NotFoundError(
            "The dataset {name} has no snapshot {digest}; the lab knows {known}.",
            reason="no-snapshot",
            name=name,
            digest=digest or "yet",
            known=", ".join(s["digest"][:16] for s in known[-5:]) or "none of it",
        )
    if len(found) > 1:
        raise InvalidError(
            "The dataset {name} has several snapshots {digest}…; type more of the digest.",
            reason="snapshot-several",
            name=name,
            digest=digest,
        )
    return found[0]


def description_of(
    entry: dict[str, Any], snapshot: dict[str, Any], policy: ExplainedPolicy, folders: Iterable[Path]
) -> Description:
    """Return the description of a snapshot, with the policy in force in the lab; raises NotFoundError without files."""
    dataset, files = entry["dataset"], snapshot["files"]
    at_hand = _at_hand({(f["size"], f["sha256"]) for f in files}, folders)
    missing = [f["path"] for f in files if f["sha256"] not in at_hand]
    if missing:
        raise NotFoundError(
            "{count} file(s) of the dataset {name}'s snapshot {digest} are not at hand, the first of them {path}. The "
            "lab gives their bytes to nobody: name a folder that holds them with --data. Without them, offer the files "
            "to the lab, which checks with its own datasets.",
            reason="snapshot-not-at-hand",
            count=len(missing),
            name=dataset["name"],
            digest=snapshot["digest"][:16],
            path=missing[0],
        )
    return Description.model_validate(
        {
            "name": dataset["name"],
            "files": tuple(str(at_hand[f["sha256"]]) for f in files),
            "privacy_unit": dataset["privacy_unit"],
            "direct_identifiers": tuple(dataset["direct_identifiers"]),
            "group_columns": tuple(dataset.get("group_columns", ())),
            "structural_zeros": tuple(dataset.get("structural_zeros", ())),
            "profile": dataset["profile"],
            "parameters": _parameters(policy, dataset["profile"]),
        }
    )


def _parameters(policy: ExplainedPolicy, profile: str) -> dict[str, object]:
    """The thresholds in force in the lab that are others than the profile's."""
    force = unflat({value.parameter: value.value for value in policy.values}, policy.profiles)
    said, begun = (p.model_dump(mode="json", exclude={"profiles", "votes"}) for p in (force, load_profile(profile)))
    return {name: value for name, value in said.items() if value != begun[name]}


def _at_hand(wanted: set[tuple[int, str]], folders: Iterable[Path]) -> dict[str, Path]:
    """Where files of a size and a digest lie below some folders; links are not followed."""
    sizes, found = {size for size, _ in wanted}, dict[str, Path]()
    for path, size in _files(folders):
        if size in sizes and len(found) < len({digest for _, digest in wanted}):
            digest = _sha256(path)
            if (size, digest) in wanted:
                found.setdefault(digest, path)
    return found


def _files(folders: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    for folder in folders:
        if not folder.is_dir():
            raise NotFoundError("{path} is no folder.", reason="no-folder", path=folder)
        for number, (name, _, files) in enumerate(os.walk(folder.absolute())):
            if number == _MOST_FOLDERS:
                raise InvalidError("{path} holds too many folders to look through.", reason="folders", path=folder)
            for path in sorted(Path(name) / file for file in files):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode):
                    yield path, about.st_size


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
