"""The view and the account of the lab's own processes: what is kept, what is hidden, and that nobody stays root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.accounts import Account
from hub.adapters.accounts.known import are_separate
from spawner_config.isolation_enter import closed_folder, is_kept, mount_points, outermost

SAID = """
import json, os, sys
def names(path):
    try:
        return sorted(os.listdir(path))
    except OSError as error:
        return type(error).__name__
print(json.dumps([os.getuid(), os.getgroups(), [names(path) for path in sys.argv[1:]]]))
"""


def entered(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "spawner_config.isolation_enter", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_outermost_closed_folder_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            assert closed_folder(inner) in (*tmp_path.parents, tmp_path)
            return
    raise AssertionError("pytest makes its folders closed")


def test_what_lies_below_another_is_left_out() -> None:
    assert outermost([Path("/a/b"), Path("/a"), Path("/ab"), Path("/a/b/c")]) == [Path("/a"), Path("/ab")]


def test_mounts_are_read_inner_ones_first_with_their_blanks() -> None:
    text = (
        "1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /a\\040b rw shared:1 - ext4 y rw\n3 2 8:2 / /a\\040b/c rw - ext4 y rw\n"
    )
    assert mount_points(text) == [Path("/a b/c"), Path("/a b"), Path("/")]


@pytest.mark.parametrize(
    ("mount", "kept"),
    [
        ("/", True),
        ("/proc/sys/fs/binfmt_misc", True),
        ("/home", True),
        ("/root/lab/var", True),
        ("/root/lab/var/vault", True),
        ("/root/lab/var/servers/0/nb", True),
        ("/root/lab/var/projects/care", False),
        ("/root/lab/var/mounts/care/0", False),
        ("/var/lib/docker/overlay2/0/merged", False),
        ("/root/other/var/projects/care", False),
    ],
)
def test_a_view_has_no_mount_of_projects_datasets_and_containers(mount: str, kept: bool) -> None:
    state = Path("/root/lab/var")
    assert is_kept(Path(mount), [state, Path("/root/lab/hub")], [state / "servers", state / "vault"]) is kept


def test_root_and_an_account_that_is_not_there_are_never_become() -> None:
    for account in ("root", "no-such-account"):
        done = entered("--account", account, "--", "/bin/echo", "reached")
        assert done.returncode != 0
        assert "reached" not in done.stdout


def test_an_account_sees_what_it_is_shown_of_a_closed_folder_and_nothing_else(tmp_path: Path) -> None:
    if not are_separate():
        done = entered("--account", Account.HUB, "--", "/bin/echo", "reached")
        assert (done.returncode, done.stdout) != (0, "reached\n")
        return
    tmp_path.chmod(0o700)
    for name in ("lab/code", "lab/other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lab" / "code" / "file").touch()
    shown = [str(tmp_path / name) for name in ("lab", "lab/code")]
    words = ["--account", str(Account.HUB), "--group", "datalab", "--keep", str(tmp_path / "lab" / "code")]
    words += ["--keep", sys.base_prefix, "--keep", sys.prefix]
    done = entered(*words, "--", sys.executable, "-I", "-c", SAID, *shown)
    assert done.returncode == 0, done.stderr
    uid, groups, seen = json.loads(done.stdout)
    assert uid not in (0, os.getuid())
    assert len(groups) == 1
    assert seen == [["code"], ["file"]]
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == ["code", "other"]
