"""Which account may ask the privileged process for what: two tables, and nothing besides.

Invariants:

* what stands in no row is refused;
* hub, portal and worker may ask for what their own doings need: the hub opens workspaces, the worker does works and
  clears away, the portal takes in what people offer, gives projects room and
  shows how much memory a run uses;
* where one account runs the whole lab it is all of them, and root needs nobody's leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hub.accounts import Account
from hub.adapters.power import verbs
from hub.domain.errors import RefusedError
from hub.privileged.calls import Act
from spawner_config.names import LABEL_WORK

HUB, PORTAL, WORKER = Account.HUB, Account.PORTAL, Account.WORKER


def _accounts(*accounts: Account) -> frozenset[Account]:
    return frozenset(accounts)


VERBS: Mapping[type, frozenset[Account]] = {
    verbs.OpenProject: _accounts(HUB, PORTAL, WORKER),
    verbs.OpenMember: _accounts(HUB, PORTAL),
    verbs.OpenRun: _accounts(WORKER),
    verbs.HoldRun: _accounts(WORKER),
    verbs.ShowRun: _accounts(WORKER),
    verbs.OpenWork: _accounts(WORKER),
    verbs.OpenRunFolders: _accounts(WORKER),
    verbs.ShowFragments: _accounts(WORKER),
    verbs.GrowProject: _accounts(PORTAL),
    verbs.ProjectRoom: _accounts(PORTAL),
    verbs.WorkMemory: _accounts(PORTAL),
    verbs.ForgetWork: _accounts(WORKER),
    verbs.ListFiles: _accounts(PORTAL, WORKER),
    verbs.OpenFile: _accounts(PORTAL, WORKER),
    verbs.OpenServer: _accounts(HUB),
    verbs.ShowServer: _accounts(HUB),
    verbs.CloseServer: _accounts(HUB, WORKER),
    verbs.SnapshotKind: _accounts(HUB, WORKER),
    verbs.BuildSnapshot: _accounts(HUB, WORKER),
    verbs.MountSnapshot: _accounts(HUB, WORKER),
    verbs.ReleaseSnapshots: _accounts(WORKER),
    verbs.LooseLoops: _accounts(WORKER),
    verbs.ReleaseLoop: _accounts(WORKER),
}
PLACES: Mapping[str, frozenset[Account]] = {
    "member": _accounts(PORTAL),
    "run": _accounts(PORTAL, WORKER),
    "held": _accounts(WORKER),
    "out": _accounts(WORKER),
    "progress": _accounts(PORTAL, WORKER),
}
"""Whose written files each may look at: the portal never at what a reader made of them."""


class Subject(StrEnum):
    """What a call to the engine is about."""

    NOTHING = "no container"
    WORKSPACE = "a workspace"
    WORK = "a piece of work"


CALLS: Mapping[tuple[Act, Subject], frozenset[Account]] = {
    (Act.PING, Subject.NOTHING): _accounts(HUB, PORTAL, WORKER),
    (Act.VERSION, Subject.NOTHING): _accounts(HUB, PORTAL, WORKER),
    (Act.IMAGE, Subject.NOTHING): _accounts(HUB, PORTAL, WORKER),
    (Act.LIST, Subject.NOTHING): _accounts(WORKER),
    (Act.CREATE, Subject.WORKSPACE): _accounts(HUB),
    (Act.CREATE, Subject.WORK): _accounts(WORKER),
    (Act.INSPECT, Subject.WORKSPACE): _accounts(HUB),
    (Act.INSPECT, Subject.WORK): _accounts(WORKER),
    (Act.START, Subject.WORKSPACE): _accounts(HUB),
    (Act.START, Subject.WORK): _accounts(WORKER),
    (Act.STOP, Subject.WORKSPACE): _accounts(HUB),
    (Act.KILL, Subject.WORKSPACE): _accounts(HUB, WORKER),
    (Act.KILL, Subject.WORK): _accounts(WORKER),
    (Act.WAIT, Subject.WORKSPACE): _accounts(HUB),
    (Act.WAIT, Subject.WORK): _accounts(WORKER),
    (Act.REMOVE, Subject.WORKSPACE): _accounts(HUB, WORKER),
    (Act.REMOVE, Subject.WORK): _accounts(WORKER),
}


def subject_of(labels: Mapping[str, str]) -> Subject:
    """Return what a container of the lab is, by its labels."""
    return Subject.WORK if LABEL_WORK in labels else Subject.WORKSPACE


def check_may_ask(asker: frozenset[Account], asked: verbs.AnyVerb) -> None:
    """A verb is done for the accounts of its row, and about files, for those of the kind of folder."""
    allowed = VERBS.get(type(asked), frozenset())
    if isinstance(asked, verbs.ListFiles | verbs.OpenFile):
        allowed &= PLACES.get(asked.place.kind, frozenset())
    if not asker & allowed:
        raise _refused(asked.verb)


def check_may_call(asker: frozenset[Account], act: Act, subject: Subject = Subject.NOTHING) -> None:
    """A call to the engine passes for the accounts of its row."""
    if not asker & CALLS.get((act, subject), frozenset()):
        raise _refused(f"{act}, {subject}")


def _refused(what: str) -> RefusedError:
    return RefusedError(
        "This process of the lab may not ask for that ({what}); another one does it.", reason="gate-account", what=what
    )
