"""What of the state folder is whose, and how an older folder is brought along."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from hub.accounts import MEMBERS, Account, Group, groups_of
from hub.adapters.accounts import applied, moved, sharing
from hub.adapters.accounts.applied import apply_layout, exposed
from hub.adapters.accounts.entering import CODE, REPOSITORY, entering
from hub.adapters.accounts.known import are_separate, gid_of, uid_of
from hub.adapters.accounts.layout import ROOT, SECRETS, Kind, Place, layout
from hub.adapters.accounts.moved import move_old_layout
from hub.adapters.accounts.prepared import prepare_state
from hub.adapters.accounts.reach import check_accounts_reach
from hub.adapters.secrets import Secret, make_secrets, read_secret
from hub.domain.errors import ConflictError, InvalidError, LabError, UnavailableError
from hub.settings import Login, Settings

ACCOUNTS = frozenset(Account)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", login=Login(demo=True))


def readers(place: Place) -> set[str]:
    """The accounts whom the modes of a place let in, for reading files or going through folders."""
    bit = stat.S_IXUSR if place.kind in (Kind.FOLDER, Kind.FOLDERS) else stat.S_IRUSR
    found = {str(place.owner)} if place.mode & bit else set()
    if place.mode & (bit >> 3):
        members = MEMBERS.get(place.group, {place.group}) if isinstance(place.group, Group) else {place.group}
        found |= {str(name) for name in members}
    return found | (set(map(str, ACCOUNTS)) if place.mode & (bit >> 6) else set())


def writers(place: Place) -> set[str]:
    found = {str(place.owner)} if place.mode & stat.S_IWUSR else set()
    if place.mode & stat.S_IWGRP and isinstance(place.group, Group):
        found |= set(map(str, MEMBERS[place.group]))
    assert not place.mode & stat.S_IWOTH
    return found


def test_every_secret_has_its_readers_and_no_secret_is_missing_from_the_table() -> None:
    assert set(SECRETS) == set(Secret) - {Secret.PUBLIC}


def test_nobody_but_its_readers_gets_at_a_secret(settings: Settings) -> None:
    rows = [place for place in layout(settings) if place.top.name == "secrets" and place.name in SECRETS]
    assert len(rows) == len(SECRETS)
    for place in rows:
        assert readers(place) == set(map(str, SECRETS[Secret(place.name)])), place
        assert not place.mode & 0o222


def test_no_process_makes_anything_where_root_opens_files_by_name(settings: Settings) -> None:
    """A link that an account planted would lead root elsewhere."""
    for place in layout(settings):
        if place.top == settings.state and place.name in ("", "logs", "processes", "privileged", "identity", "servers"):
            assert writers(place) == {ROOT}, place


def test_the_records_are_written_by_three_and_the_vault_by_two(settings: Settings) -> None:
    found = {(place.top.name, place.name): writers(place) - {ROOT} for place in layout(settings)}
    three = {"datalab-hub", "datalab-portal", "datalab-worker"}
    assert found["records", ""] == found["records", "database.sqlite"] == three
    assert found["vault", ""] == {"datalab-portal", "datalab-worker"}


def test_nobody_takes_away_what_another_put_into_a_shared_folder(settings: Settings) -> None:
    shared = [place for place in layout(settings) if len(writers(place)) > 1 and place.kind is not Kind.FILE]
    assert shared
    assert all(place.mode & stat.S_ISVTX for place in shared if place.kind in (Kind.FOLDER, Kind.FOLDERS))


def test_the_lab_is_closed_to_everybody_else(settings: Settings) -> None:
    top = next(place for place in layout(settings) if place.top == settings.state and place.name == "")
    assert (top.owner, top.group, top.mode) == (ROOT, Group.LAB, 0o710)


def test_a_place_stands_in_the_table_once(settings: Settings) -> None:
    assert max(Counter(place.path for place in layout(settings)).values()) == 1


def test_no_account_is_dockers_and_a_group_is_shared() -> None:
    assert "docker" not in {*Account, *Group}
    assert all(len(members) > 1 for members in MEMBERS.values())
    assert all(Group.LAB in groups_of(account) for account in Account)


def test_a_prepared_folder_is_as_the_table_says_and_stays_so(settings: Settings) -> None:
    for _ in range(2):
        prepare_state(settings)
        assert exposed(settings, separate=are_separate()) == []
        for place in layout(settings):
            if are_separate() and place.kind in (Kind.FOLDER, Kind.FILE):
                seen = place.path.stat()
                assert (seen.st_uid, seen.st_gid) == (uid_of(place.owner), gid_of(place.group)), place
                assert stat.S_IMODE(seen.st_mode) == place.mode, place
    assert read_secret(settings.secret(Secret.PORTAL))


def test_a_wider_mode_is_taken_back_and_said(settings: Settings) -> None:
    prepare_state(settings)
    settings.secret(Secret.SIGNING).chmod(0o644)
    assert exposed(settings, separate=are_separate()) == ["signing.pem"]
    if are_separate():
        apply_layout(settings)
        assert exposed(settings, separate=True) == []


def test_a_link_in_an_accounts_folder_gives_nothing_away(settings: Settings, tmp_path: Path) -> None:
    """Root gives files to their owners in folders that other accounts write to."""
    prepare_state(settings)
    precious = tmp_path / "precious"
    precious.write_text("root's")
    precious.chmod(0o600)
    (settings.state / "gateway" / "counts").symlink_to(precious)
    os.link(precious, settings.state / "gateway" / "more")
    (settings.state / "access-log" / "day.jsonl").symlink_to(precious)
    apply_layout(settings)
    assert precious.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(precious.stat().st_mode) == 0o600


def test_a_database_among_other_things_keeps_its_folder(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "something.txt").touch()
    elsewhere = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/srv/lab.sqlite"})
    if are_separate():
        with pytest.raises(InvalidError, match="folder of its own"):
            apply_layout(elsewhere)
    (tmp_path / "srv" / "something.txt").unlink()
    apply_layout(elsewhere)


def test_missing_accounts_are_said_and_root_is_no_substitute(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applied, "are_separate", lambda: True)
    monkeypatch.setattr("hub.adapters.accounts.known.gid_of", lambda name: None)
    with pytest.raises(UnavailableError, match=r"datalab-hub.*make setup"):
        apply_layout(settings)


def old_layout(settings: Settings) -> None:
    """A state folder of the version before, with a database whose last transaction is not in its main file."""
    make_secrets(settings)
    state = settings.state
    (state / "logs").mkdir()
    (state / "logs" / "gateway-access-2026-01-01.jsonl").write_text("{}\n")
    (state / "logs" / "hub.log").write_text("a log\n")
    (state / "gateway-bytes.json").write_text("{}")
    for name in ("database.sqlite", "jupyterhub.sqlite"):
        child = os.fork()
        if child == 0:  # One that ends without closing leaves its transactions beside the database.
            connection = sqlite3.connect(state / name, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE kept (x)")
            connection.execute("INSERT INTO kept VALUES (7)")
            os._exit(0)
        os.waitpid(child, 0)
    assert (state / "database.sqlite-wal").stat().st_size


def check_moved(settings: Settings) -> None:
    state = settings.state
    for place in (state / "records" / "database.sqlite", state / "hub" / "jupyterhub.sqlite"):
        with closing(sqlite3.connect(place)) as connection:
            assert connection.execute("SELECT x FROM kept").fetchall() == [(7,)]
    assert (state / "access-log" / "gateway-access-2026-01-01.jsonl").read_text() == "{}\n"
    assert (state / "gateway" / "gateway-bytes.json").read_text() == "{}"
    assert (state / "logs" / "hub.log").exists()
    assert not [path.name for path in state.iterdir() if path.is_file()]


def test_an_older_folder_is_brought_along_and_a_second_time_changes_nothing(settings: Settings) -> None:
    old_layout(settings)
    for _ in range(2):
        prepare_state(settings)
        check_moved(settings)


def test_a_kill_between_any_two_steps_of_the_move_loses_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_layout(settings)
    real, left = moved._move, [0]

    def interrupted(before: Path, after: Path) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(before, after)

    monkeypatch.setattr(moved, "_move", interrupted)
    for moves in range(4):
        left[0] = 1 if moves else 0
        with pytest.raises(KeyboardInterrupt):
            move_old_layout(settings)
    left[0] = 9
    move_old_layout(settings)
    check_moved(settings)


def test_a_database_that_is_open_is_not_moved(settings: Settings) -> None:
    old_layout(settings)
    with closing(sqlite3.connect(settings.state / "database.sqlite", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM kept").fetchall()
        connection2 = sqlite3.connect(settings.state / "database.sqlite", isolation_level=None)
        connection2.execute("INSERT INTO kept VALUES (8)")
        with pytest.raises(UnavailableError, match="has it open"):
            move_old_layout(settings)
        connection2.close()
    assert (settings.state / "database.sqlite").exists()


def test_what_is_at_both_places_is_not_chosen_by_the_lab(settings: Settings) -> None:
    old_layout(settings)
    (settings.state / "records").mkdir()
    (settings.state / "records" / "database.sqlite").write_bytes(b"something")
    with pytest.raises(ConflictError, match="both"):
        move_old_layout(settings)


def test_a_process_gets_the_groups_of_its_account_and_sees_code_settings_and_state(settings: Settings) -> None:
    words = entering(settings, Account.WORKER, ["program"], (Path("/etc/lab.toml"),))
    given = words[: words.index("--")]
    named = {given[n + 1] for n, word in enumerate(given) if word == "--group"}
    assert named == set(map(str, groups_of(Account.WORKER)))
    kept = {given[n + 1] for n, word in enumerate(given) if word == "--keep"}
    assert {str(settings.state), "/etc/lab.toml", *(str(REPOSITORY / name) for name in CODE[:4])} <= kept
    assert str(REPOSITORY) not in kept
    shown = {given[n + 1] for n, word in enumerate(given) if word == "--show"}
    assert str(settings.state / "access-log") in shown
    assert not {str(settings.state / name) for name in ("hub", "gateway", "projects")} & shown
    assert words[-1] == "program"


def test_a_secret_of_another_account_is_read_by_its_second_reader_and_root_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not are_separate():
        return check_one_account(settings)
    prepare_state(settings)
    path = settings.secret(Secret.PORTAL)
    assert read_secret(path)
    path.chmod(0o444)
    with pytest.raises(LabError, match="open to others"):
        read_secret(path)
    os.chown(path, uid_of(Account.HUB) or 0, gid_of(Group.RECORDS) or 0)
    path.chmod(0o440)
    with pytest.raises(LabError, match="open to others"):
        read_secret(path)
    return None


def check_one_account(settings: Settings) -> None:
    """A member of the docker group has all secrets alone."""
    prepare_state(settings)
    assert {stat.S_IMODE(settings.secret(name).stat().st_mode) for name in (Secret.PORTAL, Secret.SIGNING)} == {0o600}


def test_settings_that_an_account_cannot_read_are_said_with_the_command_that_mends_it(
    settings: Settings, tmp_path: Path
) -> None:
    config = tmp_path / "lab.toml"
    config.touch(mode=0o600)
    prepare_state(settings)
    if not are_separate():
        with pytest.raises(UnavailableError, match="cannot become"):
            check_accounts_reach(settings, {Account.PORTAL: (config,)})
        return
    with pytest.raises(UnavailableError) as closed:
        check_accounts_reach(settings, {Account.PORTAL: (config,)})
    assert f"chgrp datalab {config} && chmod g+r {config}" in str(closed.value)
    os.chown(config, 0, gid_of(Group.LAB) or 0)
    config.chmod(0o640)
    check_accounts_reach(settings, {Account.PORTAL: (config,)})


@pytest.mark.parametrize(
    ("folder", "shared"),
    [("/srv/lab/servers", True), ("/srv/lab/servers/0/nb", True), ("/srv/lab", False), ("/other", False)],
)
def test_the_innermost_mount_says_whether_what_is_mounted_below_arrives_elsewhere(
    folder: str, shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "20 1 8:1 / / rw,relatime - ext4 /dev/a rw\n"
        "21 20 8:1 /srv/lab/servers /srv/lab/servers rw,relatime shared:7 - ext4 /dev/a rw\n"
    )
    monkeypatch.setattr(sharing, "TABLE", table)
    assert sharing.is_shared(Path(folder)) is shared
