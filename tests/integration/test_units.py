"""The units of systemd that the lab writes, judged by systemd itself; nothing is started."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.accounts import Account, groups_of
from hub.adapters.accounts.entering import HOMES
from hub.adapters.processes import units as module
from hub.adapters.processes.units import units
from hub.domain.errors import InvalidError
from hub.settings import Login, Settings

MOST = {"datalab-privileged.service": 45, "datalab-state.service": 50}
MOST_OF_OTHERS = 18
"""Tenths of systemd's level of exposure, from 0 (held) to 100 (open); a service without any option has 96."""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    # Where the tests lie and their Python is of no account here.
    monkeypatch.setattr(module, "REPOSITORY", Path("/opt/datalab"))
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    return Settings(state=Path("/var/lib/datalab-units/State of the lab"), login=Login(demo=True))


@pytest.fixture
def written(settings: Settings, tmp_path: Path) -> Path:
    for name, text in units(settings, Path("/etc/datalab/lab.toml")).items():
        (tmp_path / name).write_text(text)
    return tmp_path


def analyzed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def judged(unit: Path, most: int) -> bool:
    return analyzed("security", "--offline=true", f"--threshold={most}", unit).returncode == 0


def lines(unit: Path, key: str) -> list[str]:
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{key}=")]


def test_there_is_a_unit_for_each_process(written: Path) -> None:
    names = {"privileged", "identity", "proxy", "hub", "gateway", "portal", "worker", "state"}
    assert {path.name for path in written.iterdir()} == {*(f"datalab-{n}.service" for n in names), "datalab.target"}


def test_systemd_understands_every_line(written: Path) -> None:
    done = analyzed("verify", "--man=no", *sorted(written.glob("datalab*")))
    own = [line for line in (done.stdout + done.stderr).splitlines() if "datalab" in line]
    # Programs and units that the machine of the tests does not have are no fault of the text.
    assert [line for line in own if not re.search(r"is not executable|not found|Failed to add dependency", line)] == []


def test_systemd_finds_a_line_that_it_does_not_understand(written: Path) -> None:
    """The weak twin of the test above."""
    unit = written / "datalab-hub.service"
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=perhaps\nColour=blue"))
    done = analyzed("verify", "--man=no", unit)
    assert "perhaps" in done.stdout + done.stderr
    assert "Colour" in done.stdout + done.stderr


def services(written: Path) -> list[Path]:
    return sorted(written.glob("*.service"))


def test_systemd_finds_each_process_held(written: Path) -> None:
    too_open = [unit.name for unit in services(written) if not judged(unit, MOST.get(unit.name, MOST_OF_OTHERS))]
    assert too_open == []


WEAKER: list[Callable[[str], str]] = [
    lambda text: re.sub(
        r"(?m)^(Protect|Private|Restrict|SystemCall|Capability|NoNew|Memory|Lock|IPAddress).*\n", "", text
    ),
    lambda text: re.sub(r"(?m)^(User|Group|CapabilityBoundingSet|SystemCallFilter)=.*\n", "", text),
]


@pytest.mark.parametrize("weaken", WEAKER)
def test_systemd_finds_a_process_that_is_not_held(written: Path, weaken: Callable[[str], str]) -> None:
    """The weak twins: the same units without what holds them, and as root."""
    for unit in services(written):
        was = unit.read_text()
        weak = weaken(was)
        if weak.strip() != was.strip():
            unit.write_text(weak)
            assert not judged(unit, MOST.get(unit.name, MOST_OF_OTHERS)), unit.name


@pytest.mark.parametrize("account", list(Account), ids=str)
def test_a_unit_has_the_accounts_groups_and_writes_where_the_table_says(
    written: Path, settings: Settings, account: Account
) -> None:
    unit = written / f"{account}.service"
    assert lines(unit, "User") == lines(unit, "Group") == [account]
    assert lines(unit, "SupplementaryGroups")[0].split() == [str(group) for group in groups_of(account)]
    state = settings.state
    own = {
        Account.HUB: {state / "records", state / "hub"},
        Account.PORTAL: {state / "records", state / "vault", state / "incoming"},
        Account.WORKER: {state / "records", state / "vault", state / "scratch"},
        Account.GATEWAY: {state / "gateway", state / "run", state / "access-log", state / "servers"},
        Account.PROXY: set(),
        Account.IDENTITY: {state / "identity/data"},
    }[account]
    paths = re.findall(r'"([^"]+)"', " ".join(lines(unit, "ReadWritePaths")))
    assert set(map(Path, paths)) == own
    home = settings.state / HOMES[account] if account in HOMES else Path("/")
    assert lines(unit, "WorkingDirectory") == [str(home)]


def test_the_privileged_process_has_five_powers_and_no_view_of_its_own(written: Path) -> None:
    unit = written / "datalab-privileged.service"
    assert len(lines(unit, "CapabilityBoundingSet")[0].split()) == 5
    assert lines(unit, "User") == []
    # Each of these would let it mount where the engine does not see it.
    views = (
        r"(?m)^(Protect(System|Home|KernelModules|KernelTunables|KernelLogs|ControlGroups|Proc)|PrivateTmp|Private\w+)="
    )
    assert re.search(views, unit.read_text()) is None


def kept(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, owner and group of all that is below a folder."""
    seen = {str(path.relative_to(folder)): path.lstat() for path in folder.rglob("*")}
    return {name: (found.st_mode, found.st_uid, found.st_gid) for name, found in seen.items()}


def prepared(folder: Path, powers: str) -> dict[str, tuple[int, int, int]]:
    """Make and clear away a lab's state with these of root's powers, as systemd gives them; and what was made."""
    folder.mkdir()
    (folder / "lab.toml").write_text('name = "unitstest"\nstate = "state"\n[login]\ndemo = true\n')
    short = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in powers.split())
    held = ["setpriv", f"--bounding-set=-all,{short}", "--inh-caps=-all", "--no-new-privs", "--"]
    for word in ("init", "down"):
        command = [str(Path(sys.executable).with_name("datalab")), "admin", word, "--config", str(folder / "lab.toml")]
        subprocess.run([*held, *command], check=True, capture_output=True)
    return kept(folder / "state")


def test_the_powers_that_prepare_the_state_folder_are_enough_and_none_is_too_much(
    written: Path, tmp_path: Path
) -> None:
    """The folder is what it is with root's whole power; without one of them, groups lose their folders."""
    powers = lines(written / "datalab-state.service", "CapabilityBoundingSet")[0]
    whole = "CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_KILL CAP_MKNOD CAP_SYS_RESOURCE"
    made = prepared(tmp_path / "held", powers)
    assert len(made) > 20
    assert made == prepared(tmp_path / "whole", f"{powers} {whole}")
    assert made != prepared(tmp_path / "less", powers.replace("CAP_FSETID", ""))


def test_no_secret_stands_in_a_unit_and_the_proxys_comes_as_a_credential(written: Path, settings: Settings) -> None:
    unit = written / "datalab-proxy.service"
    assert lines(unit, "LoadCredential") == [f"proxy-token:{settings.secret('proxy-token')}"]
    assert "%d/proxy-token" in lines(unit, "ExecStart")[0]
    assert "$$(cat" in lines(unit, "ExecStart")[0]


@pytest.mark.parametrize("place", ["/root/lab", "/home/somebody/lab", "/tmp/lab"])
def test_a_lab_that_units_cannot_see_is_refused(settings: Settings, place: str) -> None:
    hidden = settings.model_copy(update={"state": Path(place)})
    with pytest.raises(InvalidError, match="under systemd"):
        units(hidden, Path("/etc/datalab/lab.toml"))
