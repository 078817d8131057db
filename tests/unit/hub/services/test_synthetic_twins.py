"""Facts about synthetic twins: who has one made, what it costs, and that workspaces see nothing else of secret data."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest

from datasets_mount.catalogue import Dataset, Tier
from datasets_mount.mounts import MAKER
from datasets_mount.synthetic import ColumnDomain, SyntheticTwin, TwinMethod, TwinState, mountable
from doubles.people import JOBS, approved_notebook, play, registered_dataset, send, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.work import Work, WorkKind
from hub.gate.fragments import MOST_COLUMNS
from hub.services import datasets, projects, runs, synthetic_twins
from hub.services.lab import Lab
from hub.services.workspaces import check_eyes_off, made_of, open_workspace

ONE = Decimal(1)


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    return play(lab)


@pytest.fixture
def snapshot(lab: Lab, programs: GoodPrograms) -> str:
    return registered_dataset(lab, Tier.SECRET)


def asked(lab: Lab, epsilon: Decimal = ONE, **more: tuple[ColumnDomain, ...]) -> SyntheticTwin:
    return synthetic_twins.ask_twin(lab, "jobs-steward", "jobs", epsilon=epsilon, rows=100, **more)


def supplied(lab: Lab) -> SyntheticTwin:
    return synthetic_twins.supply_twin(lab, "jobs-steward", "jobs", (send(lab, "jobs-steward", "persons.csv"),))


def newest(lab: Lab) -> SyntheticTwin:
    return synthetic_twins.twin_book(lab, "jobs-steward", "jobs").twins[0]


def made(lab: Lab) -> SyntheticTwin:
    asked(lab)
    work_off(lab)
    return newest(lab)


def seen(lab: Lab) -> dict[str, str]:
    """What a workspace of the project sees of datasets: the digests of what is mounted, by path."""
    plan = open_workspace(lab, "scientist", "wages")
    return {m.target: Path(m.source).name for m in plan.mounts if m.target.startswith("/data/")}


def events(lab: Lab, name: str) -> list[dict[str, str]]:
    with lab.store.read() as reading:
        return [dict(entry.event.details) for entry in reading.audit_entries() if entry.event.name == name]


def test_without_a_twin_a_workspace_sees_nothing_of_secret_data(lab: Lab, snapshot: str) -> None:
    assert seen(lab) == {}
    asked(lab)
    assert seen(lab) == {}


def test_a_workspace_sees_the_twin_under_the_path_of_the_dataset(lab: Lab, snapshot: str) -> None:
    twin = made(lab)
    assert (twin.state, twin.snapshot, twin.epsilon) == (TwinState.ACCEPTED, snapshot, ONE)
    assert seen(lab) == {"/data/jobs": twin.digest}
    assert twin.digest != snapshot
    assert [file.path for file in twin.files] == ["persons.parquet", "README.md"]
    readme = lab.vault.read(twin.files[1].sha256, 10_000).decode()
    assert "Synthetic twin" in readme
    assert snapshot in readme
    (opened,) = events(lab, "lab:workspace:open")
    assert (opened["twin:jobs"], "data:jobs" in opened) == (twin.digest, False)
    assert synthetic_twins.twin_book(lab, "scientist", "jobs").in_use == twin.digest


def test_a_twin_of_an_earlier_snapshot_stands_in_no_longer(lab: Lab, snapshot: str) -> None:
    made(lab)
    with lab.store.begin() as records:
        offer = replace(datasets.offer(lab, "jobs-steward", _offer(lab))[0], dataset="jobs")
        datasets.accept_snapshot(records, lab, offer, (replace(_files(lab)[0], sha256="f" * 64),))
    assert seen(lab) == {}
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").in_use == ""


def _offer(lab: Lab) -> str:
    return datasets.dataset_uses(lab, "jobs-steward", "jobs")[1][0][0].id


def _files(lab: Lab) -> tuple[object, ...]:
    return datasets.datasets(lab, "jobs-steward")[0][1][-1].files


def test_a_twin_that_the_checks_block_is_refused_and_nothing_of_it_is_kept(
    lab: Lab, programs: GoodPrograms, snapshot: str
) -> None:
    programs.twin_blocked_by = ["row-leak"]
    twin = made(lab)
    assert (twin.state, twin.digest, twin.files) == (TwinState.REFUSED, "", ())
    assert "row-leak" in twin.reason
    assert seen(lab) == {}
    told = events(lab, "lab:dataset:twin-refuse")
    assert [event["twin"] for event in told] == [twin.id]
    assert "row-leak" not in str(told), "why is for the owner's stewards, and the audit log has other readers"

    kept = lab.vault.path(hashlib.sha256(b"PAR1 synthetic PAR1").hexdigest())
    assert not kept.exists()
    assert not any(work.startswith(twin.id) for work in lab.storage.works())
    with pytest.raises(RefusedError, match="not accepted"):
        mountable(twin)


def test_a_container_that_fails_refuses_the_twin(lab: Lab, programs: GoodPrograms, snapshot: str) -> None:
    asked(lab)
    programs.exit_code = 1
    work_off(lab)
    assert newest(lab).state is TwinState.REFUSED
    with lab.store.read() as reading:
        assert not [w for w in reading.find(Work) if w.kind is WorkKind.CHECK_TWIN]


def test_files_that_the_owner_supplies_pass_the_same_checks(lab: Lab, programs: GoodPrograms, snapshot: str) -> None:
    uploads = (send(lab, "jobs-steward", "persons.csv"),)
    programs.twin_blocked_by = ["direct-identifiers"]
    synthetic_twins.supply_twin(lab, "jobs-steward", "jobs", uploads)
    work_off(lab)
    assert newest(lab).state is TwinState.REFUSED
    programs.twin_blocked_by = []
    synthetic_twins.supply_twin(lab, "jobs-steward", "jobs", uploads)
    work_off(lab)
    twin = newest(lab)
    assert (twin.method, twin.state, twin.epsilon) == (TwinMethod.SUPPLIED, TwinState.ACCEPTED, 0)
    assert seen(lab) == {"/data/jobs": twin.digest}


def test_the_budget_is_charged_when_asked_and_never_overspent_or_given_back(
    lab: Lab, programs: GoodPrograms, snapshot: str
) -> None:
    programs.twin_blocked_by = ["row-leak"]
    asked(lab, Decimal(2))
    work_off(lab)
    budget = synthetic_twins.twin_book(lab, "jobs-steward", "jobs").budget
    assert (budget.budget, budget.spent, budget.left) == (3, 2, 1)
    with pytest.raises(RefusedError, match="has 1 of its privacy budget of 3 left"):
        asked(lab, Decimal("1.001"))
    asked(lab)
    with pytest.raises(RefusedError):
        asked(lab, Decimal("0.001"))
    assert [e["epsilon"] for e in events(lab, "lab:dataset:twin-ask")] == ["2", "1"]


@pytest.mark.parametrize("epsilon", ["0.5000", "1E+0", "3.000", "0.001"])
def test_a_price_that_is_written_otherwise_is_the_same_price(lab: Lab, snapshot: str, epsilon: str) -> None:
    asked(lab, Decimal(epsilon))
    work_off(lab)
    assert (newest(lab).state, newest(lab).epsilon) == (TwinState.ACCEPTED, Decimal(epsilon))


def test_many_who_ask_at_once_overspend_nothing(lab: Lab, snapshot: str) -> None:
    start = Barrier(6)

    def ask(_: int) -> str:
        start.wait(20)
        try:
            return asked(lab, Decimal(2)).state
        except RefusedError as error:
            return error.reason

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(ask, range(6)))
    assert answers == ["making", *["privacy-budget"] * 5]
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").budget.spent == 2


def test_a_twin_that_is_accepted_later_stands_in_though_it_was_asked_for_before(lab: Lab, snapshot: str) -> None:
    first, second = asked(lab), asked(lab)
    work_off(lab)
    with lab.store.begin() as records:
        twins = {twin.id: twin for twin in records.find(SyntheticTwin)}
        for twin, at, digest in ((first, 9, "a" * 64), (second, 8, "b" * 64)):
            later = replace(twins[twin.id], digest=digest, decided=twin.asked + timedelta(hours=at))
            records.save(later, event("lab:dataset:twin-accept", "worker", "jobs"))
        found = synthetic_twins.stand_in(records, records.get(Dataset, "jobs") or JOBS)
    assert found is not None
    assert found.digest == "a" * 64


@pytest.mark.parametrize("epsilon", ["0", "-1", "NaN", "Infinity", "0.0001", "1E-9"])
def test_an_epsilon_that_is_no_plain_number_is_refused(lab: Lab, snapshot: str, epsilon: str) -> None:
    with pytest.raises(LabError):
        asked(lab, Decimal(epsilon))
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").budget.spent == 0


@pytest.mark.parametrize(
    "domain",
    [
        ColumnDomain("nr", ("1", "2")),
        ColumnDomain("nowhere", ("1", "2")),
        ColumnDomain("wage", ("1",)),
        ColumnDomain("wage", ("1", "1")),
        ColumnDomain("wage"),
        ColumnDomain("wage", low=2.0, high=1.0),
        ColumnDomain("wage", low=0.0, high=float("inf")),
        ColumnDomain("wage", low=-1e308, high=1e308),
        ColumnDomain("wage", low=1.0, high=1.0000000000000002),
        ColumnDomain("wage", low=1.0, high=1.0 + 14 * 2.0**-52),
        ColumnDomain("wage", low=0.0, high=1e-320),
        ColumnDomain("wage", ("1", "2"), low=0.0, high=1.0),
    ],
)
def test_a_domain_is_of_a_column_that_is_counted_and_of_one_form(lab: Lab, snapshot: str, domain: ColumnDomain) -> None:
    with pytest.raises(InvalidError):
        asked(lab, domains=(domain,))


def snapshot_with(lab: Lab, columns: tuple[str, ...]) -> None:
    """A newer snapshot of the dataset, whose one file has these columns."""
    with lab.store.begin() as records:
        offer = datasets.offer(lab, "jobs-steward", _offer(lab))[0]
        datasets.accept_snapshot(records, lab, offer, (replace(_files(lab)[0], sha256="f" * 64, columns=columns),))


def test_what_no_container_could_do_is_refused_before_it_is_charged(lab: Lab, snapshot: str) -> None:
    names = ("nr", *(f"c{n}" for n in range(MOST_COLUMNS - 1)))
    snapshot_with(lab, names)
    values = tuple(f"{n:0100d}" for n in range(500))
    fitting = tuple(ColumnDomain(name, values) for name in names[1:8])
    with pytest.raises(InvalidError, match="has 1000 rows at most"):
        synthetic_twins.ask_twin(lab, "jobs-steward", "jobs", epsilon=ONE, rows=1001)
    with pytest.raises(InvalidError, match="all together"):
        asked(lab, domains=(*fitting, ColumnDomain(names[8], values)))
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").budget.spent == 0
    assert asked(lab, domains=fitting).state is TwinState.MAKING
    snapshot_with(lab, (*names, "one-more"))
    for ask in (asked, supplied):
        with pytest.raises(RefusedError) as refusal:
            ask(lab)
        assert refusal.value.reason == "twin-columns"
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").budget.spent == 1


def test_only_the_owners_steward_has_a_twin_made_and_only_of_secret_data(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    with pytest.raises(RefusedError, match="is not secret"):
        asked(lab)
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    for actor in ("health-steward", "scientist", "administrator", "auditor"):
        with pytest.raises(RefusedError):
            synthetic_twins.ask_twin(lab, actor, "jobs", epsilon=ONE, rows=100)
        with pytest.raises(RefusedError):
            synthetic_twins.supply_twin(lab, actor, "jobs", ())
    with pytest.raises(NotFoundError):
        synthetic_twins.twin_book(lab, "outsider", "jobs")


def test_a_dataset_that_becomes_secret_while_a_workspace_is_made_does_not_open(
    lab: Lab, programs: GoodPrograms
) -> None:
    registered_dataset(lab)
    prepared_before = made_of(lab, "scientist", "wages").seen
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, tier=Tier.SECRET))
    with lab.store.read() as reading, pytest.raises(RefusedError, match="is not its twin"):
        check_eyes_off(reading, prepared_before)


def test_a_twin_whose_bytes_were_changed_is_not_mounted(lab: Lab, snapshot: str) -> None:
    twin = made(lab)
    assert seen(lab)
    kept = lab.vault.path(twin.files[0].sha256)
    kept.chmod(0o600)
    kept.write_bytes(b"PAR1 flipped!! PAR1")
    with pytest.raises(ConflictError):
        open_workspace(lab, "scientist", "wages")
    assert synthetic_twins.twin_book(lab, "jobs-steward", "jobs").broken


def test_a_run_sees_the_real_rows_whatever_stands_in(lab: Lab, snapshot: str) -> None:
    made(lab)
    run, _ = runs.start_run(lab, "researcher", approved_notebook(lab).id, {})
    assert run.snapshots == {"jobs": snapshot}


def test_no_project_has_the_name_under_which_the_lab_mounts_for_itself(lab: Lab) -> None:
    today = lab.now().date()
    with pytest.raises(InvalidError, match="is the lab's own") as refusal:
        projects.create_project(
            lab, "administrator", MAKER, title="t", purpose="p", lead="scientist", starts=today, ends=today
        )
    assert refusal.value.reason == "bad-name"


def test_a_mild_dataset_is_seen_as_it_is(lab: Lab, programs: GoodPrograms) -> None:
    real = registered_dataset(lab)
    with lab.store.read() as reading:
        assert synthetic_twins.stand_in(reading, reading.get(Dataset, "jobs") or JOBS) is None
    assert seen(lab) == {"/data/jobs": real}
