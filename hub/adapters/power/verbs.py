"""What the privileged process may be asked: a fixed set of verbs, each about things that have names.

A verb names a project, a person, a run, a piece of work or a snapshot, never a path: where they lie is the privileged
process's to know. Everything is of an exact form, and a key too many refuses the whole.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from datasets_mount.catalogue import Snapshot, SnapshotFile, snapshot_digest
from datasets_mount.images import ImageKind, SnapshotImage
from hub.adapters.power.exact_forms import Asked, Digest, FileName, Identifier, Name, Size, Uid
from spawner_config.server_folder import Server

_NEVER = datetime.fromtimestamp(0, UTC)
"""When a thing was made is of no account here."""


class OpenProject(Asked):
    """Let a project's folders be there: its file system mounted, the shared folder its own."""

    verb: Literal["open-project"] = "open-project"
    project: Name
    uid: Uid


class OpenMember(Asked):
    """Let a member's own folder be there, in the project's homes or outputs."""

    verb: Literal["open-member"] = "open-member"
    project: Name
    uid: Uid
    part: Literal["home", "outputs"]
    person: Name


class OpenRun(Asked):
    """Let the outputs folder of a run be there."""

    verb: Literal["open-run"] = "open-run"
    project: Name
    uid: Uid
    run: Identifier


class HoldRun(Asked):
    """Let the outputs folder of a run be there where nobody sees it."""

    verb: Literal["hold-run"] = "hold-run"
    project: Name
    uid: Uid
    run: Identifier


class ShowRun(Asked):
    """Let people see what was held back of a run."""

    verb: Literal["show-run"] = "show-run"
    project: Name
    uid: Uid
    run: Identifier


class OpenWork(Asked):
    """Let the folders of a piece of work be there."""

    verb: Literal["open-work"] = "open-work"
    work: Identifier
    uid: Uid


class OpenRunFolders(Asked):
    """Let what a run has beside its outputs be there: what it is asked, and where it tells its progress."""

    verb: Literal["open-run-folders"] = "open-run-folders"
    work: Identifier
    uid: Uid


class ShowFragments(Asked):
    """Show a checker what a reader wrote, read-only."""

    verb: Literal["show-fragments"] = "show-fragments"
    work: Identifier


class GrowProject(Asked):
    """Give a project's disk more room, never less."""

    verb: Literal["grow-project"] = "grow-project"
    project: Name
    uid: Uid
    size: Size


class ProjectRoom(Asked):
    """Say how much room a project's disk has and uses."""

    verb: Literal["project-room"] = "project-room"
    project: Name


class WorkMemory(Asked):
    """Say how much memory the container of a piece of work uses."""

    verb: Literal["work-memory"] = "work-memory"
    work: Identifier


class ForgetWork(Asked):
    """Remove the folders of a piece of work."""

    verb: Literal["forget-work"] = "forget-work"
    work: Identifier


class Place(Asked):
    """A folder that a container wrote: a member's outputs, a run's, or what a piece of work left."""

    kind: Literal["member", "run", "held", "out", "progress"]
    project: Name | Literal[""] = ""
    name: Identifier


class ListFiles(Asked):
    """Name everything below such a folder, and say of each whether it is a plain file."""

    verb: Literal["list-files"] = "list-files"
    place: Place


class OpenFile(Asked):
    """Hand over a plain file below such a folder, opened for reading without following links."""

    verb: Literal["open-file"] = "open-file"
    place: Place
    path: Annotated[str, Field(min_length=1, max_length=4096)]


class NamedServer(Asked):
    """Whose workspace's server it is."""

    person: Name
    project: Name
    tier: Literal["open", "sensitive", "secret"]
    uid: Uid

    def card(self) -> Server:
        """Return the server's card."""
        return Server.model_validate(self.model_dump(exclude={"verb"}))


class OpenServer(NamedServer):
    """Let the folder of a workspace's server be there, made anew, with its socket's file system; without its card."""

    verb: Literal["open-server"] = "open-server"


class ShowServer(NamedServer):
    """Write the card of a workspace's server, by which the gateway knows it."""

    verb: Literal["show-server"] = "show-server"


class CloseServer(Asked):
    """Remove the folder of a workspace's server."""

    verb: Literal["close-server"] = "close-server"
    server: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class File(Asked):
    """One file of a snapshot."""

    path: FileName
    sha256: Digest
    size: Size
    rows: Size
    columns: tuple[str, ...]


class NamedSnapshot(Asked):
    """A snapshot, whose digest is that of its manifest."""

    digest: Digest
    dataset: Name
    files: tuple[File, ...]

    def snapshot(self) -> Snapshot:
        """Return the snapshot; who registered it, and when, is not known here. ValueError for another's digest."""
        files = tuple(SnapshotFile(f.path, f.sha256, f.size, f.rows, f.columns) for f in self.files)
        if snapshot_digest(self.dataset, files) != self.digest:
            raise ValueError("the digest is not that of the manifest")
        return Snapshot(self.digest, self.dataset, files, "", _NEVER)

    @classmethod
    def of(cls, snapshot: Snapshot) -> NamedSnapshot:
        """Name a snapshot."""
        files = tuple(
            File(path=f.path, sha256=f.sha256, size=f.size, rows=f.rows, columns=f.columns) for f in snapshot.files
        )
        return cls(digest=snapshot.digest, dataset=snapshot.dataset, files=files)


class SnapshotKind(Asked):
    """Say how snapshots are mounted here."""

    verb: Literal["snapshot-kind"] = "snapshot-kind"


class BuildSnapshot(Asked):
    """Make what a snapshot is mounted from, out of files of the vault that are what was registered."""

    verb: Literal["build-snapshot"] = "build-snapshot"
    snapshot: NamedSnapshot


class MountSnapshot(Asked):
    """Mount a snapshot for the containers of a project, hashed just before."""

    verb: Literal["mount-snapshot"] = "mount-snapshot"
    snapshot: NamedSnapshot
    kind: Literal["verity", "erofs", "folder"]
    sha256: Digest | Literal[""]
    root: Digest | Literal[""]
    size: Size
    project: Name

    def image(self) -> SnapshotImage:
        """Return what it is mounted from."""
        kind = ImageKind(self.kind)
        return SnapshotImage(self.snapshot.digest, kind, self.sha256, self.size, _NEVER, root=self.root)


class ReleaseSnapshots(Asked):
    """Unmount the snapshots that no container of the lab has."""

    verb: Literal["release-snapshots"] = "release-snapshots"


class LooseLoops(Asked):
    """Name the loop devices over images of this lab that are mounted nowhere."""

    verb: Literal["loose-loops"] = "loose-loops"


class ReleaseLoop(Asked):
    """Let go of a loop device over an image of this lab that is mounted nowhere, if it still is that."""

    verb: Literal["release-loop"] = "release-loop"
    device: Annotated[str, Field(pattern=r"^/dev/(loop[0-9]{1,6}|mapper/datalab-[0-9a-f]{16})$")]
    image: Annotated[str, Field(max_length=4096)]


AnyVerb = (
    OpenProject
    | OpenMember
    | OpenRun
    | HoldRun
    | ShowRun
    | OpenWork
    | OpenRunFolders
    | ShowFragments
    | GrowProject
    | ProjectRoom
    | WorkMemory
    | ForgetWork
    | ListFiles
    | OpenFile
    | OpenServer
    | ShowServer
    | CloseServer
    | SnapshotKind
    | BuildSnapshot
    | MountSnapshot
    | ReleaseSnapshots
    | LooseLoops
    | ReleaseLoop
)
VERBS: TypeAdapter[AnyVerb] = TypeAdapter(Annotated[AnyVerb, Field(discriminator="verb")])


class Answer(BaseModel):
    """What came of it: a value, or an error of the lab's as a sentence with its parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Any = None
    error: str = ""
    message: str = ""
    reason: str = ""
    values: dict[str, str] = Field(default_factory=dict)
