"""Images: what a snapshot is mounted from, and whether it is still what the lab made.

Invariants:

* an image is made from files that were hashed a moment before, and its own digest is recorded with an audit event;
* of an image that the kernel checks, the root of the tree of hashes is recorded with it, and kept nowhere else;
* one that is broken is not mounted; it is made anew from files that are what was registered, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ImageKind(StrEnum):
    """How a snapshot comes into containers, best first."""

    VERITY = "verity"  # such an image, each block of which the kernel checks when it is read
    EROFS = "erofs"  # an image of a read-only file system, on a loop device for each project
    FOLDER = "folder"  # a folder of the verified files, bound read-only


@dataclass(frozen=True, slots=True)
class ImageFile:
    """What was made on disk: the SHA-256 and size of the image, or the snapshot's own digest for a folder.

    ``root`` is the SHA-256 at the root of its tree of hashes, for an image that the kernel checks.
    """

    kind: ImageKind
    sha256: str
    size: int
    root: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotImage:
    """What a snapshot is mounted from; ``broken`` is since when it is not what it was, ``reason`` the stable word."""

    snapshot: str
    kind: ImageKind
    sha256: str
    size: int
    made: datetime
    broken: datetime | None = None
    reason: str = ""
    root: str = ""


def image_of(snapshot: str, file: ImageFile, now: datetime) -> SnapshotImage:
    """Describe an image that was made just now."""
    return SnapshotImage(snapshot, file.kind, file.sha256, file.size, now, root=file.root)


def broken_image(image: SnapshotImage, reason: str, now: datetime) -> SnapshotImage:
    """The same image, found not to be what it was."""
    return replace(image, broken=now, reason=reason)
