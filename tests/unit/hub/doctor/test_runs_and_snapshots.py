"""What the doctor says of approved bytes and of snapshots: each carelessness is one ✗."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hub.adapters.vault import FolderVault
from hub.doctor.runs import changed_in_the_vault, rules_tried
from hub.doctor.scene import Scene
from hub.doctor.snapshots import changed_bit, in_the_vault, registered, snapshots_tried
from hub.domain.errors import RefusedError
from hub.domain.examinations import Verdict
from hub.domain.notebooks import Notebook, check_can_run


class CarelessVault(FolderVault):
    """Believes names."""

    def read(self, sha256: str, limit: int) -> bytes:
        return self.path(sha256).read_bytes()


def refuse(_: Notebook) -> None:
    raise RefusedError("No.", reason="no")


def test_the_labs_own_rule_lets_approved_notebooks_run_and_no_others() -> None:
    assert [a.verdict for a in rules_tried(check_can_run)] == [Verdict.HOLDS]


def test_a_rule_that_lets_all_pass_or_none_is_seen() -> None:
    assert [a.verdict for a in rules_tried(lambda _: None)] == [Verdict.BROKEN]
    assert [a.verdict for a in rules_tried(refuse)] == [Verdict.BROKEN]


@pytest.mark.parametrize(("kind", "verdict"), [(FolderVault, Verdict.HOLDS), (CarelessVault, Verdict.BROKEN)])
def test_a_vault_that_believes_names_is_seen(tmp_path: Path, kind: type[FolderVault], verdict: Verdict) -> None:
    assert changed_in_the_vault(kind(tmp_path)).verdict is verdict


def test_a_snapshot_that_is_not_hashed_again_is_seen(played: Scene) -> None:
    assert [a.verdict for a in snapshots_tried(played)] == [Verdict.HOLDS] * 2
    aim = partial(in_the_vault, played.vault)
    careless = changed_bit("changed-file", "Change it.", registered(played.vault, "three"), lambda _: None, aim)
    assert careless.verdict is Verdict.BROKEN


def test_a_snapshot_that_was_never_mounted_proves_nothing(played: Scene) -> None:
    def refuse(_: object) -> None:
        raise RefusedError("No.", reason="no")

    aim = partial(in_the_vault, played.vault)
    found = changed_bit("changed-file", "Change it.", registered(played.vault, "three"), refuse, aim)
    assert found.verdict is Verdict.UNSEEN
