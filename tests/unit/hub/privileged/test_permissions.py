"""Which account may ask for what."""

from __future__ import annotations

import pytest

from hub.accounts import Account
from hub.adapters.power import verbs
from hub.domain.errors import RefusedError
from hub.privileged.calls import Act
from hub.privileged.peers import Peer, check_peer
from hub.privileged.permissions import CALLS, PLACES, VERBS, Subject, check_may_ask, check_may_call, subject_of
from hub.privileged.verbs import DEEDS
from spawner_config.names import LABEL_SERVER, LABEL_WORK

NONE = {Account.GATEWAY, Account.PROXY, Account.IDENTITY}


def test_every_verb_has_a_row() -> None:
    assert set(VERBS) == {*DEEDS, verbs.OpenFile}
    kinds = verbs.Place.model_fields["kind"].annotation
    assert set(PLACES) == set(kinds.__args__)  # type: ignore[union-attr]


def test_every_act_has_a_row() -> None:
    assert {act for act, _ in CALLS} == set(Act)


def test_what_speaks_to_browsers_asks_for_nothing() -> None:
    for allowed in (*VERBS.values(), *CALLS.values(), *PLACES.values()):
        assert allowed
        assert not allowed & NONE


def test_workspaces_are_the_hubs_and_works_are_the_workers() -> None:
    for act in (Act.CREATE, Act.START):
        assert CALLS[act, Subject.WORKSPACE] == {Account.HUB}
        assert CALLS[act, Subject.WORK] == {Account.WORKER}
    assert VERBS[verbs.OpenServer] == {Account.HUB}
    assert (
        VERBS[verbs.OpenWork]
        == VERBS[verbs.OpenRun]
        == VERBS[verbs.HoldRun]
        == VERBS[verbs.ShowRun]
        == {Account.WORKER}
    )


def test_the_portal_makes_no_container_and_opens_no_dataset() -> None:
    assert {act for (act, _), allowed in CALLS.items() if Account.PORTAL in allowed} == {
        Act.PING,
        Act.VERSION,
        Act.IMAGE,
    }
    assert Account.PORTAL not in VERBS[verbs.MountSnapshot] | VERBS[verbs.BuildSnapshot] | VERBS[verbs.OpenWork]


def test_a_verb_of_anothers_is_refused_with_a_reason() -> None:
    asked = verbs.SnapshotKind()
    check_may_ask(frozenset({Account.HUB}), asked)
    with pytest.raises(RefusedError) as refused:
        check_may_ask(frozenset({Account.PORTAL}), asked)
    assert refused.value.reason == "gate-account"


@pytest.mark.parametrize(("account", "kind", "may"), [(a, k, a in PLACES[k]) for k in PLACES for a in Account])
def test_files_are_shown_by_the_kind_of_their_folder(account: Account, kind: str, may: bool) -> None:
    asked = verbs.ListFiles.model_validate({"place": {"kind": kind, "name": "x"}})
    try:
        check_may_ask(frozenset({account}), asked)
    except RefusedError:
        assert not may
    else:
        assert may


def test_a_call_without_a_row_is_refused() -> None:
    with pytest.raises(RefusedError):
        check_may_call(frozenset(Account), Act.STOP, Subject.WORK)


def test_a_container_is_known_by_its_labels() -> None:
    assert subject_of({LABEL_WORK: "run-x"}) is Subject.WORK
    assert subject_of({LABEL_SERVER: "0" * 16}) is Subject.WORKSPACE
    assert subject_of({}) is Subject.WORKSPACE


def test_a_stranger_is_no_process_of_the_lab() -> None:
    known = {7: frozenset({Account.HUB})}
    assert check_peer(Peer(1, 7, 7), known) == {Account.HUB}
    with pytest.raises(RefusedError) as refused:
        check_peer(Peer(1, 8, 7), known)
    assert refused.value.reason == "gate-peer"
