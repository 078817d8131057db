"""What is written for supervisord, what is found before a start, and how a process is known again."""

from __future__ import annotations

import configparser
import os
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import ClassVar

import docker
import pytest

from hub.adapters.processes import lab_programs, leftovers, records, supervisor, wrapped
from hub.adapters.processes.preflight import check_can_start
from hub.adapters.secrets import Secret, make_secrets, read_secret
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def lab(tmp_path: Path) -> Settings:
    lab = Settings.model_validate({"state": tmp_path / "100% of the state", "login": {"demo": True}})
    make_secrets(lab)
    (lab.state / "identity").mkdir()
    (lab.state / "identity" / "canaille.toml").touch()
    records.folder_of(lab).mkdir()
    return lab


class Engine:
    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def image_digest(self, image: str) -> str:
        if self.fault:
            raise UnavailableError(self.fault, reason="engine")
        return "sha256:0"

    def runtimes(self) -> frozenset[str]:
        return frozenset({"runc", "runsc"})


def parsed(lab: Settings, config: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(supervisor.configuration(lab, config, lab_programs(lab, config)))
    return parser


def test_every_program_is_restarted_and_dies_with_supervisord(lab: Settings, tmp_path: Path) -> None:
    parser = parsed(lab, tmp_path / "lab.toml")
    programs = [name for name in parser.sections() if name.startswith("program:")]
    names = ["privileged", "identity", "proxy", "hub", "gateway", "portal", "worker"]
    assert programs == [f"program:{name}" for name in names]
    assert [parser[program]["priority"] for program in programs] == ["1", *["2"] * 6]
    for name in programs:
        assert parser[name]["autorestart"] == "true"
        assert int(parser[name]["startretries"]) > 1000, "a lab whose disk is full for a day is not given up"
        assert shlex.split(parser[name]["command"])[:3] == ["setpriv", "--pdeathsig", "TERM"]


def test_a_percent_sign_in_a_path_is_doubled(lab: Settings, tmp_path: Path) -> None:
    assert "100%% of the state" in parsed(lab, tmp_path / "lab.toml")["supervisord"]["logfile"]


def test_a_path_that_supervisord_cannot_read_is_refused(tmp_path: Path) -> None:
    lab = Settings.model_validate({"state": tmp_path / "a ;b", "login": {"demo": True}})
    with pytest.raises(InvalidError, match="Choose another folder"):
        supervisor.configuration(lab, tmp_path, lab_programs(lab, tmp_path))


def test_the_configuration_holds_no_secret(lab: Settings, tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    text = supervisor.configuration(lab, config, lab_programs(lab, config))
    secrets = (Secret.COOKIE, Secret.PROXY, Secret.CLIENT, Secret.PORTAL, Secret.WORKER)
    assert not [name for name in secrets if read_secret(lab.secret(name)) in text]


def test_another_setting_makes_another_configuration(lab: Settings, tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    other = lab.model_copy(update={"title": "Another"})
    programs = lab_programs(lab, config)
    assert supervisor.configuration(lab, config, programs) != supervisor.configuration(other, config, programs)


def test_no_identity_provider_runs_beside_a_real_one(tmp_path: Path) -> None:
    urls = dict.fromkeys(("authorize_url", "token_url", "userdata_url"), "https://login.example/")
    lab = Settings.model_validate({"state": tmp_path, "login": urls})
    assert "identity" not in {program.name for program in lab_programs(lab, tmp_path)}


def test_the_proxy_gets_the_certificate(tmp_path: Path) -> None:
    server = {"address": "10.0.0.1", "certificate": "/c.pem", "key": "/k.pem"}
    lab = Settings.model_validate({"state": tmp_path, "login": {"demo": True}, "server": server})
    proxy = next(program for program in lab_programs(lab, tmp_path) if program.name == "proxy")
    assert proxy.command[-4:] == ("--ssl-cert", "/c.pem", "--ssl-key", "/k.pem")


def test_all_faults_are_said_at_once(lab: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.adapters.processes.preflight.find_proxy", lambda: None)
    monkeypatch.setattr("hub.adapters.processes.preflight.LEAST_FREE", 2**62)
    lab.secret(Secret.COOKIE).chmod(0o644)
    with pytest.raises(UnavailableError) as caught:
        check_can_start(lab, Engine("There is no image; run “make setup”."), lambda _, port: port != lab.ports.gateway)
    said = str(caught.value)
    for word in ("MB free", "“gateway” in [ports]", "There is no image", "configurable-http-proxy", "open to others"):
        assert word in said
    assert len(said.splitlines()) == 6


def test_a_lab_with_nothing_in_its_way_can_start(lab: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.adapters.processes.preflight.find_proxy", lambda: "/bin/proxy")
    monkeypatch.setattr("hub.adapters.processes.preflight.shutil.which", lambda name: f"/bin/{name}")
    check_can_start(lab, Engine(), lambda *_: True)


@pytest.mark.parametrize(("runtime", "faults"), [("", 0), ("runsc", 0), ("kata", 1)])
def test_a_runtime_that_the_engine_does_not_have_is_said(
    lab: Settings, monkeypatch: pytest.MonkeyPatch, runtime: str, faults: int
) -> None:
    monkeypatch.setattr("hub.adapters.processes.preflight.find_proxy", lambda: "/bin/proxy")
    monkeypatch.setattr("hub.adapters.processes.preflight.shutil.which", lambda name: f"/bin/{name}")
    lab = lab.model_copy(update={"reader": lab.reader.model_copy(update={"runtime": runtime})})
    with pytest.raises(UnavailableError, match="no runtime “kata”") if faults else nullcontext():
        check_can_start(lab, Engine(), lambda *_: True)


def test_missing_accounts_of_the_demonstration_are_said(lab: Settings) -> None:
    (lab.state / "identity" / "canaille.toml").unlink()
    with pytest.raises(UnavailableError, match="make demo"):
        check_can_start(lab, Engine(), lambda *_: True)


@pytest.fixture
def sleeper(lab: Settings):  # type: ignore[no-untyped-def]
    command = wrapped(lab, "sleeper", [sys.executable, "-c", "print(flush=True); input()"], "KILL")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout:
            process.stdout.readline()
        yield process
        process.kill()


def test_a_wrapped_process_records_itself(lab: Settings, sleeper: subprocess.Popen[bytes]) -> None:
    (record,) = records.read_records(lab)
    assert (record.name, record.pid) == ("sleeper", sleeper.pid)
    assert records.is_alive(record)


def test_an_ended_process_is_not_alive_even_when_nobody_has_waited_for_it(
    lab: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    (record,) = records.read_records(lab)
    assert records.end_all([record]) == []
    assert not records.is_alive(record)
    assert sleeper.wait() == -signal.SIGTERM


def test_a_halted_process_hears_that_it_is_to_end(lab: Settings, sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    assert records.end_all(records.read_records(lab)) == []
    assert sleeper.wait() == -signal.SIGTERM


def test_a_process_that_has_the_number_of_an_ended_one_is_left_alone(
    lab: Settings, sleeper: subprocess.Popen[bytes]
) -> None:
    (record,) = records.read_records(lab)
    earlier = records.Record(record.name, record.boot, record.pid, record.started - 1)
    other_boot = records.Record(record.name, "another", record.pid, record.started)
    records.end_all([earlier, other_boot])
    assert sleeper.poll() is None


def test_a_process_that_does_not_want_to_end_is_forced(lab: Settings) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    command = wrapped(lab, "stubborn", [sys.executable, "-c", code], "KILL")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout:
            process.stdout.readline()
        assert records.end_all(records.read_records(lab), patience=0.2) == []
        assert process.wait() == -signal.SIGKILL


def test_a_torn_record_is_no_record(lab: Settings) -> None:
    for text in ("", "boot", "boot\n12", "boot\n12 (a program) S 1 2", "boot\nx (y) " + "0 " * 40):
        assert records.parse("name", text) is None


def test_a_name_with_brackets_and_blanks_is_no_obstacle() -> None:
    fields = " ".join(["S", *map(str, range(1, 30))])
    record = records.parse("name", f"boot\n12 (a ) S 9 (b) {fields}\n")
    assert record == records.Record("name", "boot", 12, 19)


def test_the_labs_processes_see_little_of_their_starters_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.adapters.processes.programs import environment

    monkeypatch.setenv("SECRET_OF_SOMEBODY", "x")
    monkeypatch.setenv("DOCKER_HOST", "unix:///engine.sock")
    seen = environment(Path("/lab.toml"))
    assert "unix:///engine.sock" not in seen.values()
    assert "SECRET_OF_SOMEBODY" not in seen
    assert seen["PATH"].endswith(os.environ["PATH"])


class DockerApi:
    """The engine's API with three containers: two of this lab, one of which is being removed by somebody else."""

    removed: ClassVar[list[str]] = []

    def __init__(self, **_: object) -> None:
        self.removed.clear()

    def containers(self, *, filters: dict[str, str], **_: object) -> list[dict[str, str]]:
        labels = {"a": "datalab.lab=mine", "b": "datalab.lab=mine", "c": "datalab.lab=other"}
        return [{"Id": name} for name, label in labels.items() if label == filters["label"]]

    def remove_container(self, name: str, **_: object) -> None:
        if name == "a":
            raise docker.errors.NotFound("gone")
        self.removed.append(name)


def test_the_containers_of_this_lab_are_removed_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers.docker, "APIClient", DockerApi)
    leftovers.remove_containers("mine")
    assert DockerApi.removed == ["b"]


def test_an_engine_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise docker.errors.DockerException

    monkeypatch.setattr(leftovers.docker, "APIClient", away)
    with pytest.raises(UnavailableError, match="make down"):
        leftovers.remove_containers("mine")


def test_sockets_of_servers_and_gateway_are_removed_and_what_is_left_is_named(
    lab: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = lab.state / "servers" / "0123" / "hub" / "api.sock"
    control = lab.state / "run" / "gateway.sock"
    for path in (left, control):
        path.parent.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as listener:
            monkeypatch.chdir(path.parent)
            listener.bind(path.name)
    with pytest.raises(UnavailableError, match=r"api\.sock"):
        leftovers.check_nothing_left(lab)
    leftovers.remove_server_folders(lab)
    leftovers.check_nothing_left(lab)
    assert not left.parent.parent.exists()
    assert not control.exists()


def test_a_mount_below_the_state_folder_is_named(lab: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    place = str(lab.state / "projects" / "mobility").replace(" ", "\\040")
    line = f"36 35 98:0 / {place} rw,noatime - ext4 /dev/loop0 rw\n".encode()
    monkeypatch.setattr(Path, "read_bytes", lambda _: line)
    with pytest.raises(UnavailableError, match="projects/mobility"):
        leftovers.check_nothing_left(lab)


@pytest.mark.parametrize(("name", "is_left"), [("records", False), ("hub", False), ("servers", True)])
def test_a_disk_of_an_administrators_own_is_no_leftover(
    lab: Settings, monkeypatch: pytest.MonkeyPatch, name: str, is_left: bool
) -> None:
    place = str(lab.state.resolve() / name).replace(" ", "\\040")
    line = f"36 35 98:0 / {place} rw,noatime - ext4 /dev/vdb rw\n".encode()
    monkeypatch.setattr(Path, "read_bytes", lambda _: line)
    if is_left:
        with pytest.raises(UnavailableError, match=name):
            leftovers.check_nothing_left(lab)
    else:
        leftovers.check_nothing_left(lab)


def test_the_example_names_every_setting_with_its_default() -> None:
    example = load_settings(ROOT / "docs" / "lab.example.toml")
    body = example.model_dump()
    default = Settings(state=example.state, login=example.login).model_dump()
    assert body == default
    text = (ROOT / "docs" / "lab.example.toml").read_text(encoding="utf-8")
    keys = {line.split(" =")[0] for line in text.splitlines() if " = " in line and not line.startswith("#")}
    wanted = {key for key, value in body.items() if not isinstance(value, dict)}
    tables = [value for value in body.values() if isinstance(value, dict)]
    # A table within a table is for whoever wants one: the example tells of it in words.
    wanted |= {key for table in tables for key, value in table.items() if not isinstance(value, dict)}
    assert keys == wanted
