"""The memory of a container's control group, in both versions, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters.control_group import memory_used

ID = "c0ffee" * 10 + "abcd"
FIRST = f"12:pids:/docker/{ID}\n4:memory:/docker/{ID}\n0::/docker/{ID}\n"
SECOND = f"0::/system.slice/docker-{ID}.scope\n"


def process(folder: Path, lines: str) -> None:
    (folder / "proc" / "7").mkdir(parents=True)
    (folder / "proc" / "7" / "cgroup").write_text(lines)


def group(folder: Path, place: str, **files: str) -> None:
    where = folder / "groups" / place
    where.mkdir(parents=True)
    for name, text in files.items():
        (where / name.replace("_", ".", 1)).write_text(text)


def used(folder: Path, container: str = ID) -> int | None:
    return memory_used(7, container, folder / "groups", folder / "proc")


def test_version_one_is_read_without_what_the_kernel_gives_back(tmp_path: Path) -> None:
    process(tmp_path, FIRST)
    stat = "cache 90\ninactive_file 1\ntotal_inactive_file 40\n"
    group(tmp_path, f"memory/docker/{ID}", memory_usage_in_bytes="100\n", memory_stat=stat)
    assert used(tmp_path) == 60


def test_version_two_is_read_without_what_the_kernel_gives_back(tmp_path: Path) -> None:
    process(tmp_path, SECOND)
    group(tmp_path, f"system.slice/docker-{ID}.scope", memory_current="100\n", memory_stat="anon 9\ninactive_file 30\n")
    assert used(tmp_path) == 70


@pytest.mark.parametrize("lines", [FIRST, SECOND])
def test_a_number_that_another_process_got_tells_nothing(tmp_path: Path, lines: str) -> None:
    process(tmp_path, lines)
    group(tmp_path, f"memory/docker/{ID}", memory_usage_in_bytes="100\n", memory_stat="total_inactive_file 0\n")
    group(tmp_path, f"system.slice/docker-{ID}.scope", memory_current="100\n", memory_stat="inactive_file 0\n")
    assert used(tmp_path, "f" * 64) is None
    assert used(tmp_path) == 100


def test_what_ended_or_is_not_told_is_not_known(tmp_path: Path) -> None:
    assert used(tmp_path) is None
    process(tmp_path, "nonsense\n")
    assert used(tmp_path) is None


def test_a_group_whose_counts_are_gone_tells_nothing(tmp_path: Path) -> None:
    process(tmp_path, SECOND)
    group(tmp_path, f"system.slice/docker-{ID}.scope", memory_current="100\n")
    assert used(tmp_path) is None
