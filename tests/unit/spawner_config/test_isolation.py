"""The table of isolation: every option is sent, each has its reason, and nonsense is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_mount.mounts import Mount
from hub.domain.errors import InvalidError
from spawner_config.isolation import (
    OPTIONS,
    ContainerSpec,
    Limits,
    Purpose,
    container_body,
)
from spawner_config.isolation_spec import READABLE, WRITABLE
from spawner_config.seccomp.profile import profile_text

LIMITS = Limits(memory=2**30, cpus=1.5, processes=128, tmp=2**26, seconds=60, file_size=2**28)
HOME = Mount("/srv/lab/home", "/home/scientist", writable=True)
DATA = Mount("/srv/lab/rand", "/data/rand")
SPEC = ContainerSpec(
    purpose=Purpose.WORKSPACE,
    image="sha256:0",
    command=("jupyterhub-singleuser", "--x={y}"),
    uid=200_001,
    mounts=(HOME, DATA),
    limits=LIMITS,
    environment={"HOME": "/home/scientist", "A": "{not a format}"},
    labels={"datalab": "workspace"},
    working_dir="/home/scientist",
)


def body(spec: ContainerSpec = SPEC) -> dict[str, Any]:
    return container_body(spec)


def host(spec: ContainerSpec = SPEC) -> dict[str, Any]:
    return body(spec)["HostConfig"]


def test_every_option_has_a_reason_that_is_a_sentence() -> None:
    for option in OPTIONS:
        assert option.reason.endswith("."), option.key
        assert len(option.reason.split()) > 3, option.key


def test_no_option_stands_twice() -> None:
    keys = [option.key for option in OPTIONS]
    assert len(set(keys)) == len(keys)


def test_the_body_is_the_table_and_nothing_else() -> None:
    sent = body()
    flat = {k for k in sent if k != "HostConfig"} | {f"HostConfig.{k}" for k in sent["HostConfig"]}
    assert flat == {option.key for option in OPTIONS}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NetworkMode", "none"),
        ("CapDrop", ["ALL"]),
        ("CapAdd", []),
        ("Privileged", False),
        ("SecurityOpt", ["no-new-privileges:true", f"seccomp={profile_text()}"]),
        ("ReadonlyRootfs", True),
        ("IpcMode", "private"),
        ("CgroupnsMode", "private"),
        ("PidMode", ""),
        ("UTSMode", ""),
        ("Binds", []),
        ("Devices", []),
        ("DeviceCgroupRules", []),
        ("DeviceRequests", []),
        ("VolumesFrom", []),
        ("GroupAdd", []),
        ("PortBindings", {}),
        ("PublishAllPorts", False),
        ("AutoRemove", False),
        ("OomKillDisable", False),
        ("RestartPolicy", {"Name": "no", "MaximumRetryCount": 0}),
        ("Dns", ["127.0.0.1"]),
    ],
)
def test_isolation_is_the_same_for_every_purpose(purpose: Purpose, key: str, value: object) -> None:
    assert host(replace(SPEC, purpose=purpose, mounts=()))[key] == value


def test_limits_become_the_engines_numbers() -> None:
    sent = host()
    assert sent["Memory"] == sent["MemorySwap"] == 2**30
    assert sent["NanoCpus"] == 1_500_000_000
    assert sent["PidsLimit"] == 128
    assert sent["Tmpfs"] == {"/tmp": "rw,noexec,nosuid,nodev,mode=1777,nr_inodes=16384,size=67108864"}
    assert {u["Name"]: u["Hard"] for u in sent["Ulimits"]} == {
        "core": 0,
        "nofile": 8192,
        "fsize": 2**28,
        "memlock": 2**23,
        "msgqueue": 0,
    }
    assert sent["LogConfig"]["Type"] == "local"
    assert sent["LogConfig"]["Config"]["mode"] == "non-blocking"


def test_user_and_group_are_the_projects_number_and_the_host_name_is_fixed() -> None:
    sent = body()
    assert sent["User"] == "200001:200001"
    assert sent["Hostname"] == "lab"
    assert sent["Entrypoint"] == []


def test_words_are_sent_as_they_are() -> None:
    sent = body()
    assert sent["Cmd"] == ["jupyterhub-singleuser", "--x={y}"]
    assert sent["Env"] == ["A={not a format}", "HOME=/home/scientist"]


def test_what_tells_of_other_containers_is_masked() -> None:
    assert {"/proc/locks", "/proc/keys", "/proc/kcore", "/proc/diskstats", "/sys/firmware"} <= set(
        host()["MaskedPaths"]
    )
    assert {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"} <= set(host()["ReadonlyPaths"])


def test_a_mount_is_a_private_bind_without_what_is_mounted_below() -> None:
    home, data = host()["Mounts"]
    assert data == {
        "Type": "bind",
        "Source": "/srv/lab/rand",
        "Target": "/data/rand",
        "ReadOnly": True,
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }
    assert home["ReadOnly"] is False


def refused(spec: ContainerSpec) -> str:
    with pytest.raises(InvalidError) as raised:
        container_body(spec)
    return raised.value.reason


@pytest.mark.parametrize("purpose", Purpose)
def test_a_dataset_is_never_writable(purpose: Purpose) -> None:
    assert refused(replace(SPEC, purpose=purpose, mounts=(replace(DATA, writable=True),))) == "container-target"


def test_a_reader_of_foreign_bytes_sees_no_dataset() -> None:
    assert refused(replace(SPEC, purpose=Purpose.READER, mounts=(DATA,))) == "container-target"


@pytest.mark.parametrize(
    "target", ["/", "/etc", "/run", "/opt/datalab/lib", "/data", "/data/../etc", "/home/a/b", "home"]
)
@pytest.mark.parametrize("writable", [True, False])
def test_a_folder_stands_only_where_its_purpose_says(target: str, writable: bool) -> None:
    assert refused(replace(SPEC, mounts=(Mount("/srv/lab/x", target, writable),))) == "container-target"


@pytest.mark.parametrize(
    "source",
    ["", "relative", "/", "/srv/../etc", "/srv//x", "/srv/x/", "/srv/./x", "/proc/1/root", "/dev", "/etc/x",
     "/run/docker.sock",
     "/var/run/docker.sock", "/var", "/sys/fs", "/srv/\nx", "/srv/\0x"],
)  # fmt: skip
def test_a_source_that_is_no_plain_folder_of_the_lab_is_refused(source: str) -> None:
    assert refused(replace(SPEC, mounts=(Mount(source, "/data/rand"),))) == "container-source"


def test_two_folders_at_one_place_are_refused() -> None:
    assert refused(replace(SPEC, mounts=(DATA, replace(DATA, source="/srv/lab/other")))) == "container-target-twice"


@pytest.mark.parametrize("uid", [-1, 0, 1000, 65_534, 99_999, 2**31, 2**32])
def test_a_user_of_the_machine_is_refused(uid: int) -> None:
    assert refused(replace(SPEC, uid=uid)) == "container-uid"


@pytest.mark.parametrize("purpose", [Purpose.READER, Purpose.CHECKER])
def test_what_reads_foreign_bytes_may_have_another_runtime(purpose: Purpose) -> None:
    assert host(replace(SPEC, purpose=purpose, mounts=()))["Runtime"] == ""
    assert host(replace(SPEC, purpose=purpose, mounts=(), runtime="runsc"))["Runtime"] == "runsc"


@pytest.mark.parametrize("purpose", [Purpose.WORKSPACE, Purpose.RUN])
def test_nothing_else_has_another_runtime(purpose: Purpose) -> None:
    assert refused(replace(SPEC, purpose=purpose, mounts=(), runtime="runsc")) == "container-runtime"


@pytest.mark.parametrize("limit", ["memory", "cpus", "processes", "tmp", "seconds", "file_size"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_that_would_be_none_is_refused(limit: str, value: int) -> None:
    assert refused(replace(SPEC, limits=replace(LIMITS, **{limit: value}))) == "container-limits"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image": ""}, "container-empty"),
        ({"command": ()}, "container-empty"),
        ({"environment": {"A=B": "c"}}, "container-env"),
        ({"environment": {"A": "\0"}}, "container-env"),
        ({"labels": {}}, "container-label"),
        ({"working_dir": "home"}, "container-working-dir"),
        ({"working_dir": "/home/../etc"}, "container-working-dir"),
    ],
)
def test_nonsense_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    assert refused(replace(SPEC, **change)) == reason


PLACES = st.sampled_from(
    ["/data/rand", "/in", "/out", "/outputs", "/progress", "/project", "/project/runs", "/run/nb", "/run/hub",
     "/home/scientist", "/in/fragments", "/tmp", "/etc", "/"]
)  # fmt: skip


@given(
    purpose=st.sampled_from(Purpose),
    mounts=st.lists(st.builds(Mount, st.just("/srv/lab/x"), PLACES, st.booleans()), max_size=5),
)
def test_whatever_is_mounted_only_the_purposes_own_places_are_writable(purpose: Purpose, mounts: list[Mount]) -> None:
    spec = replace(SPEC, purpose=purpose, mounts=tuple(mounts))
    try:
        sent = host(spec)["Mounts"]
    except InvalidError:
        return
    writable = {m["Target"] for m in sent if not m["ReadOnly"]}
    assert not any(t.startswith(("/data", "/in", "/run/hub", "/project/runs", "/etc")) for t in writable)
    assert len({m["Target"] for m in sent}) == len(sent)


def test_every_purpose_says_what_it_sees() -> None:
    assert set(READABLE) == set(WRITABLE) == set(Purpose)


@pytest.mark.parametrize("purpose", Purpose)
def test_only_a_workspace_has_an_init_process_that_its_person_could_trace(purpose: Purpose) -> None:
    assert host(replace(SPEC, purpose=purpose, mounts=()))["Init"] is (purpose is Purpose.WORKSPACE)
