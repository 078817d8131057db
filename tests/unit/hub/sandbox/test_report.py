"""Facts about what a run tells of itself at its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.sandbox.exchange import PackagesReport, RunReport
from hub.sandbox.report import packages, report, write_report


def group(folder: Path, files: dict[str, str]) -> Path:
    """A control group that says this."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + "\n")
    return folder


SECOND = {
    "cgroup.controllers": "cpu memory",
    "memory.max": "1073741824",
    "memory.peak": "86000000",
    "cpu.max": "150000 100000",
    "cpu.stat": "usage_usec 1234567\nuser_usec 1000000",
}
FIRST = {
    "memory/memory.limit_in_bytes": "1073741824",
    "memory/memory.max_usage_in_bytes": "86000000",
    "cpu/cpu.cfs_quota_us": "150000",
    "cpu/cpu.cfs_period_us": "100000",
    "cpuacct/cpuacct.usage": "1234567890",
}


@pytest.mark.parametrize(("files", "seconds"), [(SECOND, 1.235), (FIRST, 1.235)], ids=["version 2", "version 1"])
def test_both_versions_of_control_groups_are_read(tmp_path: Path, files: dict[str, str], seconds: float) -> None:
    assert report(group(tmp_path, files)) == RunReport(
        memory_allowed=2**30, memory_peak=86_000_000, cpus_allowed=1.5, cpu_seconds=seconds
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"cgroup.controllers": "", "memory.max": "max", "cpu.max": "max 100000", "cpu.stat": "nr_periods 0"},
        {"memory/memory.limit_in_bytes": "9223372036854771712", "cpu/cpu.cfs_quota_us": "-1"},
        {"memory/memory.limit_in_bytes": "٣", "cpuacct/cpuacct.usage": "many"},
    ],
    ids=["nothing", "version 2 without limits", "version 1 without limits", "nonsense"],
)
def test_what_the_kernel_does_not_say_is_not_known(tmp_path: Path, files: dict[str, str]) -> None:
    assert report(group(tmp_path, files)) == RunReport()


def test_packages_are_named_with_their_versions_in_order(tmp_path: Path) -> None:
    for name in ("polars-1.2.3", "alembic-1.20.1", "ruamel.yaml-0.18.6+local"):
        (tmp_path / f"{name}.dist-info").mkdir()
    (tmp_path / "polars").mkdir()
    assert packages(tmp_path) == ("alembic==1.20.1", "polars==1.2.3", "ruamel.yaml==0.18.6+local")
    assert PackagesReport(packages=packages()).packages == packages()


def plant_a_link(folder: Path) -> None:
    (folder / "report.json").symlink_to(folder.parent / "outside")


def plant_a_lie(folder: Path) -> None:
    (folder / "report.json").write_text('{"memory_peak": 1}')
    folder.chmod(0o500)


@pytest.mark.parametrize("plant", [plant_a_link, plant_a_lie])
def test_what_a_cell_put_there_is_replaced(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    folder = tmp_path / "progress"
    folder.mkdir()
    plant(folder)
    write_report(folder, group(tmp_path / "group", SECOND))
    assert not (folder / "report.json").is_symlink()
    told = RunReport.model_validate_json((folder / "report.json").read_bytes())
    assert told.memory_peak == 86_000_000
    assert not (tmp_path / "outside").exists()


def test_a_lie_is_gone_also_where_there_is_no_room_for_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.json").write_text('{"memory_peak": 1}')

    def full(*_: object) -> None:
        raise OSError(28, "no room")

    monkeypatch.setattr("hub.sandbox.report.write_atomically", full)
    write_report(tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_under_the_name_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "report.json" / "x").mkdir(parents=True)
    write_report(tmp_path, tmp_path)
    assert (tmp_path / "report.json").is_dir()
