"""The engine gate: a taken-over hub that speaks to it makes no container but the lab's own, and does nothing else.

Each attack is also made straight on the engine's socket, where it works: a hub without the gate holds just that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from attacks.fake_engine import FakeEngine, Heard, fake_engine, open_gate
from attacks.gated import ENGINE, PROJECT, UID, Gated, Said, call, gated_lab
from spawner_config import names
from spawner_config.isolation import SEALED
from waiting import wait_for

Body = dict[str, Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    # The path of the socket is longer than a socket's address may be.
    folder = tmp_path_factory.mktemp("a-lab-with-a-long-name-" + "x" * 80)
    with gated_lab(folder) as made:
        yield made


@pytest.fixture
def nothing_left(lab: Gated) -> Iterator[None]:
    yield
    for label in ("workspace", "run"):
        lab.remove(lab.order(label)[0])


pytestmark = pytest.mark.usefixtures("nothing_left")


def refused(lab: Gated, said: Said, name: str = "") -> str:
    """The gate said no, in a sentence, and nothing was made; returns the sentence."""
    assert said.status in (400, 403, 404), (said.status, said.body)
    if name:
        assert not lab.is_there(name)
    sentence = str(said.json["message"])
    assert sentence.endswith(".") or said.status == 404, sentence
    return sentence


# What passes


@pytest.mark.parametrize("label", ["workspace", "run"])
def test_what_the_lab_orders_is_made_looked_at_started_ended_and_removed(lab: Gated, label: str) -> None:
    name, body = lab.order(label)
    made = lab.create(lab.gate, name, body)
    assert made.status == 201, made.body
    identifier = made.json["Id"]
    for reference in (name, identifier):
        assert call(lab.gate, "GET", f"/v1.41/containers/{reference}/json").json["Name"] == f"/{name}"
    listed = call(lab.gate, "GET", "/containers/json?all=1").json
    assert [entry["Id"] for entry in listed] == [identifier]
    assert call(lab.gate, "POST", f"/containers/{name}/start").status == 204
    assert call(lab.gate, "POST", f"/containers/{name}/kill").status in (204, 409)
    assert call(lab.gate, "POST", f"/containers/{name}/wait").status == 200
    assert call(lab.gate, "DELETE", f"/containers/{name}?v=True&force=True").status == 204
    assert not lab.is_there(name)


def test_what_the_engine_makes_is_what_the_table_says(lab: Gated) -> None:
    name, body = lab.order()
    lab.create(lab.gate, name, body)
    seen = lab.engine.inspect_container(name)
    assert not seen["HostConfig"]["Privileged"]
    assert seen["HostConfig"]["NetworkMode"] == "none"
    assert seen["Config"]["User"] == f"{UID}:{UID}"


# Orders: every key


def host(key: str, value: object) -> Callable[[Body], None]:
    return lambda body: body["HostConfig"].__setitem__(key, value)


def top(key: str, value: object) -> Callable[[Body], None]:
    return lambda body: body.__setitem__(key, value)


def bound(source: str, target: str = "/project", propagation: str = "rprivate") -> Callable[[Body], None]:
    """Let another folder of the host stand at a place."""

    def change(body: Body) -> None:
        mount = next(m for m in body["HostConfig"]["Mounts"] if m["Target"] == target)
        mount["Source"] = source
        mount["BindOptions"]["Propagation"] = propagation

    return change


def more(**mount: object) -> Callable[[Body], None]:
    return lambda body: body["HostConfig"]["Mounts"].append(mount)


ORDERS: dict[str, Callable[[Body], None]] = {
    "Privileged": host("Privileged", True),
    "CapAdd": host("CapAdd", ["SYS_ADMIN"]),
    "CapDrop": host("CapDrop", []),
    "SecurityOpt": host("SecurityOpt", ["seccomp=unconfined"]),
    "SecurityOpt empty": host("SecurityOpt", []),
    "NetworkMode host": host("NetworkMode", "host"),
    "PidMode": host("PidMode", "host"),
    "IpcMode": host("IpcMode", "host"),
    "UTSMode": lambda body: body.update(Hostname="") or body["HostConfig"].update(UTSMode="host"),
    "UsernsMode": host("UsernsMode", "host"),
    "CgroupnsMode": host("CgroupnsMode", "host"),
    "CgroupParent": host("CgroupParent", "/"),
    "Cgroup": host("CgroupParent", "other"),
    "Binds": host("Binds", ["/:/host"]),
    "Binds of the engine": host("Binds", ["/var/run/docker.sock:/docker.sock"]),
    "VolumesFrom": lambda body: None,  # filled in by the test: it names another container
    "Volumes": top("Volumes", {"/x": {}}),
    "Devices": host("Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]),
    "DeviceCgroupRules": host("DeviceCgroupRules", ["b *:* rwm"]),
    "Tmpfs": host("Tmpfs", {"/tmp": "rw,exec,suid,dev"}),
    "ReadonlyRootfs": host("ReadonlyRootfs", False),
    "Memory": lambda body: body["HostConfig"].update(Memory=2**40, MemorySwap=2**40),
    "MemorySwap": host("MemorySwap", -1),
    "NanoCpus": host("NanoCpus", 0),
    "PidsLimit": host("PidsLimit", -1),
    "OomScoreAdj": host("OomScoreAdj", -1000),
    "Ulimits": host("Ulimits", []),
    "ShmSize": host("ShmSize", 2**32),
    "Sysctls": host("Sysctls", {"kernel.shm_rmid_forced": "0"}),
    "RestartPolicy": host("RestartPolicy", {"Name": "always"}),
    "AutoRemove": host("AutoRemove", True),
    "LogConfig": host("LogConfig", {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:9"}}),
    "MaskedPaths": host("MaskedPaths", []),
    "ReadonlyPaths": host("ReadonlyPaths", []),
    "GroupAdd": host("GroupAdd", ["0"]),
    "Init": host("Init", False),
    "ExtraHosts": host("ExtraHosts", ["x:127.0.0.1"]),
    "Dns": host("Dns", ["192.0.2.1"]),
    "Runtime": host("Runtime", "runc"),
    "BlkioWeight": host("BlkioWeight", 0),
    "CpusetCpus": host("CpusetCpus", "0"),
    "User root": top("User", "0:0"),
    "User by name": top("User", "root"),
    "User without group": top("User", str(UID)),
    "User of nobody's": top("User", "65534:65534"),
    "Cmd": top("Cmd", ["sh", "-c", "id"]),
    "Entrypoint": top("Entrypoint", ["/bin/sh"]),
    "Env": lambda body: body["Env"].append("LD_PRELOAD=/project/x.so"),
    "Healthcheck": top("Healthcheck", {"Test": ["CMD-SHELL", "id"], "Interval": 10**9}),
    "Hostname": top("Hostname", "other"),
    "Tty": top("Tty", True),
    "OpenStdin": top("OpenStdin", True),
    "Labels": lambda body: body["Labels"].__setitem__("more", "x"),
    "Labels of another lab": lambda body: body["Labels"].__setitem__(names.LABEL_LAB, "other"),
    "WorkingDir": top("WorkingDir", "/"),
    "NetworkingConfig": top("NetworkingConfig", {"EndpointsConfig": {}}),
    "ExposedPorts": top("ExposedPorts", {"22/tcp": {}}),
    "StopTimeout": top("StopTimeout", 9999),
    "Shell": top("Shell", ["/bin/sh"]),
    "Mount of the machine": bound("/", propagation="rslave"),
    "Mount of its settings": bound("/etc"),
    "Mount of its processes": bound("/proc"),
    "Mount of the engine's socket": bound("/var/run/docker.sock"),
    "Mount of the engine's folder": bound("/var/lib/docker", propagation="rslave"),
    "Mount of a folder beside the lab's": bound("/srv"),
    "One more mount": more(Type="bind", Source="/", Target="/host"),
    "A volume": more(Type="volume", Source="", Target="/volume"),
    "A tmpfs": more(Type="tmpfs", Target="/other"),
    "A propagating mount": lambda body: body["HostConfig"]["Mounts"][0]["BindOptions"].update(Propagation="rshared"),
    "A recursive mount": lambda body: body["HostConfig"]["Mounts"][0]["BindOptions"].update(NonRecursive=False),
    "A dataset that the engine seals": lambda body: body["HostConfig"]["Mounts"][-1].update(ReadOnly=True),
    "A writable socket to the hub": lambda body: body["HostConfig"]["Mounts"][-2].update(ReadOnly=False),
}  # fmt: skip


@pytest.mark.parametrize("key", ORDERS)
def test_an_order_that_differs_in_any_key_is_refused_and_passes_without_the_gate(lab: Gated, key: str) -> None:
    name, body = lab.order()
    run, run_body = lab.order("run")
    if key == "VolumesFrom":
        assert lab.create(lab.gate, run, run_body).status == 201
        body["HostConfig"]["VolumesFrom"] = [run]
    ORDERS[key](body)
    refused(lab, lab.create(lab.gate, name, body), name)
    weak = lab.create(ENGINE, name, body)
    assert weak.status == 201, weak.body


def test_a_dataset_that_is_not_on_a_sealed_mount_is_refused(lab: Gated) -> None:
    name, body = lab.order()
    subprocess.run(["mount", "-o", "remount,rw", str(lab.data)], check=True)
    try:
        assert "not mounted read-only" in refused(lab, lab.create(lab.gate, name, body), name)
        assert lab.create(ENGINE, name, body).status == 201
        refused(lab, call(lab.gate, "POST", f"/containers/{name}/start"))
    finally:
        subprocess.run(["mount", "-o", f"remount,{','.join(SEALED)}", str(lab.data)], check=True)
    assert call(lab.gate, "POST", f"/containers/{name}/start").status == 204


def lab_folder(*parts: str) -> Callable[[Gated], str]:
    return lambda lab: str(lab.settings.state.joinpath(*parts))


OWN_FOLDERS: dict[str, Callable[[Gated], str]] = {
    "all that the lab keeps": lab_folder(),
    "secrets": lab_folder("secrets"),
    "the gate's own sockets": lab_folder("privileged"),
    "every project": lab_folder("projects"),
    "another project": lab_folder("projects", "other", "shared"),
    "another's home": lab_folder("projects", PROJECT, "home", "other"),
    "another server's socket": lab_folder("servers", "0" * 16, "nb"),
    "a longer way": lambda lab: f"{lab.settings.state}/projects/../projects/{PROJECT}/shared",
    "a neighbour's folder": lambda lab: f"{lab.settings.state}/../other/state/projects/{PROJECT}/shared",
}


@pytest.mark.parametrize("folder", OWN_FOLDERS)
def test_another_folder_of_the_labs_is_refused(lab: Gated, folder: str) -> None:
    source = OWN_FOLDERS[folder](lab)
    Path(source).mkdir(parents=True, exist_ok=True)
    name, body = lab.order()
    bound(source)(body)
    refused(lab, lab.create(lab.gate, name, body), name)
    assert lab.create(ENGINE, name, body).status == 201


@pytest.mark.parametrize("where", ["the folder itself", "a folder on its way"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(lab: Gated, where: str, tmp_path: Path) -> None:
    shared = lab.settings.state / "projects" / PROJECT / "shared"
    place = shared if where == "the folder itself" else shared.parent
    target = tmp_path / "elsewhere"
    (target / "shared").mkdir(parents=True)
    for folder in (target, target / "shared"):
        os.chown(folder, UID, UID)
    kept = place.with_name("kept")
    place.rename(kept)
    place.symlink_to(target)
    try:
        name, body = lab.order()
        refused(lab, lab.create(lab.gate, name, body), name)
        if where == "the folder itself":
            assert lab.create(ENGINE, name, body).status == 201
            assert lab.engine.inspect_container(name)["Mounts"]
    finally:
        place.unlink()
        kept.rename(place)


def test_a_link_that_is_put_in_place_after_the_order_is_not_mounted(lab: Gated, tmp_path: Path) -> None:
    shared = lab.settings.state / "projects" / PROJECT / "shared"
    name, body = lab.order()
    assert lab.create(lab.gate, name, body).status == 201
    kept = shared.with_name("kept")
    shared.rename(kept)
    shared.symlink_to("/etc")
    try:
        refused(lab, call(lab.gate, "POST", f"/containers/{name}/start"))
        assert not lab.engine.inspect_container(name)["State"]["Running"]
        assert call(ENGINE, "POST", f"/containers/{name}/start").status == 204
    finally:
        shared.unlink()
        kept.rename(shared)


def test_a_folder_that_is_not_the_containers_own_is_not_written(lab: Gated) -> None:
    shared = lab.settings.state / "projects" / PROJECT / "shared"
    os.chown(shared, UID + 1, UID + 1)
    try:
        name, body = lab.order()
        assert "does not belong" in refused(lab, lab.create(lab.gate, name, body), name)
        assert lab.create(ENGINE, name, body).status == 201
    finally:
        os.chown(shared, UID, UID)


# Orders: images, names, texts


def test_an_image_that_the_set_up_did_not_make_is_refused(lab: Gated) -> None:
    bare = lab.engine.create_container_from_config({"Image": lab.image, "Cmd": ["true"]}, f"{lab.settings.name}-bare")
    image = lab.engine.commit(bare["Id"], changes="LABEL datalab=other")["Id"]
    lab.engine.remove_container(bare["Id"])
    try:
        name, body = lab.order(image=image)
        assert "its image is not the lab's" in refused(lab, lab.create(lab.gate, name, body), name)
        assert call(lab.gate, "GET", f"/images/{image}/json").status == 404
        assert lab.create(ENGINE, name, body).status == 201
        lab.remove(name)
        assert call(ENGINE, "GET", f"/images/{image}/json").status == 200
    finally:
        lab.engine.remove_image(image, force=True)


def test_an_image_that_is_not_there_is_said_as_the_engine_says_it(lab: Gated) -> None:
    name, body = lab.order(image="sha256:" + "0" * 64)
    said = lab.create(lab.gate, name, body)
    assert (said.status, "No such image" in said.json["message"]) == (404, True)


@pytest.mark.parametrize("image", ["datalab/workspace:current", "current", "", "sha256:123"])
def test_an_image_is_named_by_its_whole_digest(lab: Gated, image: str) -> None:
    name, body = lab.order()
    body["Image"] = image
    refused(lab, lab.create(lab.gate, name, body), name)


@pytest.mark.parametrize("name", ["", "{lab}-work-run-two", "{lab}-workspace-" + "0" * 16, "other-work-run-one"])
def test_a_container_takes_no_other_name(lab: Gated, name: str) -> None:
    named, (_, body) = name.format(lab=lab.settings.name), lab.order("run")
    refused(lab, lab.create(lab.gate, named, body))
    weak = lab.create(ENGINE, named, body)
    assert weak.status == 201
    lab.engine.remove_container(weak.json["Id"], force=True)


def text_of(body: Body) -> str:
    return json.dumps(body)


SAFE = '"Privileged": false'
TEXTS: dict[str, Callable[[Body], str]] = {
    "a key twice": lambda b: text_of(b).replace(SAFE, f'{SAFE}, "Privileged": true'),
    "a key in small letters": lambda b: text_of(b).replace(SAFE, f'{SAFE}, "privileged": true'),
    "an escaped key": lambda b: text_of(b).replace(SAFE, f'{SAFE}, "\\u0050rivileged": true'),
    "HostConfig twice": lambda b: text_of(b)[:-1] + ', "HostConfig": {"Privileged": true}}',
    "hostconfig in small letters": lambda b: text_of(b)[:-1] + ', "hostconfig": {"Privileged": true}}',
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_can_be_read_in_two_ways_is_refused_and_makes_a_privileged_container_without_the_gate(
    lab: Gated, text: str
) -> None:
    name, body = lab.order()
    order = TEXTS[text](body).encode()
    refused(lab, lab.create(lab.gate, name, order), name)
    assert lab.create(ENGINE, name, order).status == 201
    assert lab.engine.inspect_container(name)["HostConfig"]["Privileged"]


def test_an_order_that_is_too_long_or_of_unknown_length_is_refused(lab: Gated) -> None:
    name, body = lab.order(environment={"JUPYTERHUB_X": "x" * 2**19})
    refused(lab, lab.create(lab.gate, name, body), name)
    assert lab.create(ENGINE, name, body).status == 201
    lab.remove(name)
    text = json.dumps(lab.order()[1]).encode()
    chunked = f"{len(text):x}\r\n".encode() + text + b"\r\n0\r\n\r\n"
    head = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    refused(lab, lab.create(lab.gate, name, chunked, **head), name)
    assert lab.create(ENGINE, name, chunked, **head).status == 201


def test_two_lengths_are_not_believed(lab: Gated) -> None:
    name, body = lab.order()
    text = json.dumps(body).encode()
    said = lab.create(lab.gate, name, text, **{"Content-Length": "2", "content-length": str(len(text))})
    assert said.status == 400
    assert not lab.is_there(name)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEngine]:
    with tempfile.TemporaryDirectory(prefix="engine", dir="/var/tmp") as folder, fake_engine(Path(folder)) as made:
        yield made


@pytest.fixture(scope="module")
def behind(fake: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """A lab whose gate stands before an engine that only listens, and is known to reach it."""
    with gated_lab(tmp_path_factory.mktemp("listening"), DOCKER_HOST=f"unix://{fake.place}") as made:
        assert call(made.gate, "GET", "/version").status == 200
        assert [heard.target for heard in fake.heard] == ["/version"]
        yield made


@pytest.fixture
def unchecked(fake: FakeEngine) -> Iterator[Path]:
    """The weak gate before the same engine."""
    with open_gate(fake) as made:
        yield made


def test_two_lengths_bring_a_hidden_order_past_a_gate_that_believes_them(
    fake: FakeEngine, behind: Gated, unchecked: Path
) -> None:
    """The weak twin: what one reader takes for the rest of a body is the next request to another."""
    name = behind.order("run")[0]
    order = b'{"HostConfig": {"Privileged": true}}'
    hidden = b"POST /containers/create?name=hidden HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(order) + order
    lengths = {"Content-Length": "2", "content-length": str(len(b"{}" + hidden))}
    fake.heard.clear()
    assert call(behind.gate, "POST", f"/containers/{name}/kill", b"{}" + hidden, **lengths).status == 400
    assert fake.heard == []
    assert call(unchecked, "POST", f"/containers/{name}/kill", b"{}" + hidden, **lengths).status == 200
    first, second = wait_for(lambda: fake.heard if len(fake.heard) > 1 else None, 10, "one request is heard")
    assert first == Heard("POST", f"/containers/{name}/kill", b"{}")
    assert second == Heard("POST", "/containers/create?name=hidden", order)


# Other calls


CALLS = [
    ("GET", "/info"),
    ("GET", "/events?since=0&until=1"),
    ("GET", "/system/df"),
    ("GET", "/images/json"),
    ("GET", "/images/{image}/history"),
    ("POST", "/images/create?fromSrc=-&repo=attack"),
    ("POST", "/images/{image}/tag?repo=attack&tag=x"),
    ("GET", "/images/get?names=none"),
    ("POST", "/build/prune"),
    ("POST", "/build?remote=none"),
    ("POST", "/commit?container={name}&repo=attack"),
    ("GET", "/networks"),
    ("POST", "/networks/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D"),
    ("GET", "/volumes"),
    ("POST", "/volumes/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D"),
    ("GET", "/plugins"),
    ("GET", "/swarm"),
    ("GET", "/nodes"),
    ("GET", "/secrets"),
    ("GET", "/containers/{name}/logs?stdout=1"),
    ("GET", "/containers/{name}/top"),
    ("GET", "/containers/{name}/changes"),
    ("GET", "/containers/{name}/export"),
    ("GET", "/containers/{name}/stats?stream=0"),
    ("GET", "/containers/{name}/archive?path=/etc/hostname"),
    ("HEAD", "/containers/{name}/archive?path=/etc/hostname"),
    ("PUT", "/containers/{name}/archive?path=/tmp"),
    ("POST", "/containers/{name}/exec"),
    ("POST", "/containers/{name}/attach?stream=1"),
    ("POST", "/containers/{name}/rename?name=attack"),
    ("POST", "/containers/{name}/update"),
    ("POST", "/containers/{name}/pause"),
    ("POST", "/containers/{name}/restart"),
    ("POST", "/containers/{name}/resize?h=1&w=1"),
    ("GET", "/exec/none/json"),
    ("POST", "/exec/none/start"),
    ("POST", "/session"),
    ("POST", "/grpc"),
    ("POST", "/auth"),
    ("GET", "/distribution/none/json"),
    ("GET", "/debug/vars"),
]


@pytest.mark.parametrize("prefix", ["", "/v1.41"])
@pytest.mark.parametrize(("method", "target"), CALLS)
def test_every_other_call_is_refused_and_the_engine_hears_nothing_of_it(
    behind: Gated, fake: FakeEngine, method: str, target: str, prefix: str
) -> None:
    fake.heard.clear()
    said = call(behind.gate, method, prefix + target.format(name=behind.order("run")[0], image=behind.image))
    assert said.status == 403
    assert method == "HEAD" or said.json["message"].startswith("The engine gate lets")
    assert fake.heard == []


@pytest.mark.parametrize("prefix", ["", "/v1.41"])
@pytest.mark.parametrize(("method", "target"), CALLS)
def test_a_gate_without_its_table_lets_every_such_call_through_to_the_engine(
    unchecked: Path, fake: FakeEngine, lab: Gated, method: str, target: str, prefix: str
) -> None:
    """The weak twin."""
    asked = prefix + target.format(name=lab.order("run")[0], image=lab.image)
    fake.heard.clear()
    assert call(unchecked, method, asked).status == 200
    assert [(heard.method, heard.target) for heard in fake.heard] == [(method, asked)]


WITHOUT = [c for c in CALLS if c[0] == "GET" and c[1].startswith(("/info", "/images/json", "/networks", "/volumes"))]
OF_ONE = [c for c in CALLS if c[0] in ("GET", "HEAD") and c[1].startswith("/containers/{name}/")]


@pytest.mark.parametrize(("method", "target"), WITHOUT)
def test_without_the_gate_the_engine_answers_them(lab: Gated, method: str, target: str) -> None:
    assert call(ENGINE, method, target).status == 200


@pytest.mark.parametrize(("method", "target"), OF_ONE)
def test_without_the_gate_the_engine_tells_of_any_container(lab: Gated, others: str, method: str, target: str) -> None:
    assert call(ENGINE, method, target.format(name=others)).status == 200


def test_an_own_container_cannot_be_entered_read_or_changed_through_the_gate(lab: Gated) -> None:
    name, body = lab.order("run")
    assert lab.create(lab.gate, name, body).status == 201
    order = json.dumps({"Cmd": ["id"], "AttachStdout": True}).encode()
    for method, target, sent in (
        ("POST", f"/containers/{name}/exec", order),
        ("GET", f"/containers/{name}/archive?path=/etc/hostname", b""),
        ("GET", f"/containers/{name}/export", b""),
        ("POST", f"/containers/{name}/update", b'{"Memory": 1000000000000}'),
        ("POST", f"/containers/{name}/rename?name={name}-other", b""),
    ):
        assert call(lab.gate, method, target, sent).status == 403
    assert call(ENGINE, "GET", f"/containers/{name}/archive?path=/etc/hostname").status == 200
    assert call(ENGINE, "POST", f"/containers/{name}/rename?name={name}-other").status == 204
    lab.engine.remove_container(f"{name}-other", force=True)


PATHS = [
    "/V1.41/containers/{name}/json",
    "/v1.41//containers/{name}/json",
    "//containers/{name}/json",
    "/containers//{name}/json",
    "/containers/{name}//json",
    "/containers/{name}/json/",
    "/containers/./{name}/json",
    "/containers/x/../{name}/json",
    "/containers/{name}/..%2f{name}/json",
    "/containers%2f{name}/json",
    "/containers/{name}%2fjson",
    "/%63ontainers/{name}/json",
    "/containers/{name}/json%00",
    "/containers/{name}/json;x",
    "/containers/{name}\\json",
    "http://engine/containers/{name}/json",
    "*",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_known_by_its_exact_bytes(lab: Gated, path: str) -> None:
    name, body = lab.order("run")
    lab.create(lab.gate, name, body)
    assert call(lab.gate, "GET", path.format(name=name)).status in (400, 403)


def test_without_the_gate_paths_are_understood_in_several_ways(lab: Gated) -> None:
    name, body = lab.order("run")
    lab.create(ENGINE, name, body)
    understood = [path for path in PATHS if call(ENGINE, "GET", path.format(name=name)).status in (200, 301)]
    assert understood


@pytest.mark.parametrize("protocol", ["tcp", "h2c", "websocket"])
def test_no_connection_becomes_a_stream(lab: Gated, protocol: str) -> None:
    name, body = lab.order("run")
    lab.create(lab.gate, name, body)
    head = {"Upgrade": protocol, "Connection": "Upgrade"}
    for target in (f"/containers/{name}/attach?stream=1&stdout=1", "/_ping", "/session", "/grpc"):
        said = call(lab.gate, "POST" if target != "/_ping" else "GET", target, **head)
        assert said.status in (400, 403), target
    assert call(ENGINE, "POST", f"/containers/{name}/attach?stream=1&stdout=1", **head).status == 101


# Other labs' containers, and other people


@pytest.fixture
def others(lab: Gated) -> Iterator[str]:
    """A running container of the lab next door."""
    name = f"{lab.neighbour}-work-run-one"
    body = {
        "Image": lab.image,
        "Cmd": ["sleep", "60"],
        "Labels": {names.LABEL: "run", names.LABEL_LAB: lab.neighbour, names.LABEL_WORK: "run-one"},
        "HostConfig": {"NetworkMode": "none"},
    }
    lab.remove(name)
    identifier = lab.engine.create_container_from_config(body, name)["Id"]
    lab.engine.start(identifier)
    yield str(identifier)
    lab.remove(name)


ACTS = [("GET", "json"), ("POST", "stop?t=0"), ("POST", "kill"), ("POST", "start"), ("POST", "wait"), ("DELETE", "")]


@pytest.mark.parametrize(("method", "act"), ACTS)
def test_another_labs_container_is_not_there(lab: Gated, others: str, method: str, act: str) -> None:
    for reference in (others, f"{lab.neighbour}-work-run-one"):
        query = "?force=1" if method == "DELETE" else ""
        target = f"/containers/{reference}/{act}".rstrip("/") + query
        assert call(lab.gate, method, target).status == 404
    assert call(lab.gate, "GET", f"/containers/{others[:12]}/json").status == 403
    assert lab.engine.inspect_container(others)["State"]["Running"]
    if act != "wait":
        assert call(ENGINE, method, f"/containers/{others[:12]}/{act}".rstrip("/") + query).status in (200, 204, 304)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"label": [names.LABEL]},
        {"label": [f"{names.LABEL_LAB}=other"]},
        {"label": []},
        {"name": [""]},
        {"status": ["running"]},
        {"label": {names.LABEL: True}},
        {"label": f"{names.LABEL}"},
    ],
)
def test_a_list_holds_this_labs_containers_alone(lab: Gated, others: str, filters: dict[str, object]) -> None:
    name, body = lab.order("run")
    lab.create(lab.gate, name, body)
    said = call(lab.gate, "GET", f"/containers/json?all=1&filters={quote(json.dumps(filters))}")
    if said.status == 200:
        assert {entry["Labels"][names.LABEL_LAB] for entry in said.json} <= {lab.settings.name}
    else:
        refused(lab, said)
    assert others in {entry["Id"] for entry in call(ENGINE, "GET", "/containers/json?all=1").json}


def test_a_name_that_changes_hands_between_look_and_deed_does_not_end_the_new_one(lab: Gated, others: str) -> None:
    """What is done is done to the identifier that was looked at: another lab's container cannot be slipped under it."""
    name, body = lab.order("run")
    stop = time.monotonic() + 4
    script = (
        "import docker, sys, time\n"
        "engine, end = docker.APIClient(), time.monotonic() + 4\n"
        "while time.monotonic() < end:\n"
        "    for old, new in ((sys.argv[1], sys.argv[2] + '-kept'), (sys.argv[2] + '-kept', sys.argv[1])):\n"
        "        engine.rename(sys.argv[3], new)\n"
    )
    swapping = subprocess.Popen([sys.executable, "-c", script, name, name, others])
    seen = set[int]()
    try:
        while time.monotonic() < stop:
            seen.add(call(lab.gate, "DELETE", f"/containers/{name}?force=1").status)
    finally:
        assert swapping.wait(20) == 0
    assert seen <= {404, 403}
    assert lab.engine.inspect_container(others)["State"]["Running"]
    assert body["Labels"][names.LABEL_LAB] == lab.settings.name


@pytest.mark.parametrize("deed", ["by name", "by identifier"])
def test_a_deed_by_name_after_a_look_ends_whatever_was_slipped_under_it(lab: Gated, deed: str) -> None:
    """The weak twin: a gate that looks at a name, and then acts on the name."""
    name, body = lab.order("run")
    victim = f"{name}-victim"
    assert lab.create(lab.gate, name, body).status == 201
    slipped = lab.engine.create_container(lab.image, ["true"], name=victim)["Id"]
    try:
        looked_at = call(ENGINE, "GET", f"/containers/{name}/json").json
        assert looked_at["Config"]["Labels"][names.LABEL_LAB] == lab.settings.name
        lab.engine.rename(looked_at["Id"], f"{name}-moved")
        lab.engine.rename(slipped, name)
        target = name if deed == "by name" else looked_at["Id"]
        assert call(ENGINE, "DELETE", f"/containers/{target}?force=1").status == 204
        left = call(ENGINE, "GET", f"/containers/{slipped}/json").status
        assert left == (404 if deed == "by name" else 200)
    finally:
        for made in (name, f"{name}-moved", victim):
            lab.remove(made)


def test_another_user_of_the_machine_is_not_answered(lab: Gated, tmp_path: Path) -> None:
    """The folder of the socket keeps others out; opened to all, the kernel still says who asks."""
    script = tmp_path / "ask.py"
    script.write_text(
        "import http.client, os, socket, sys\n"
        "place = os.open(sys.argv[1], os.O_PATH)\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(f'/proc/self/fd/{place}/engine.sock')\n"
        "s.sendall(b'GET /version HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')\n"
        "print(s.recv(4096).split(b' ')[1].decode())\n"
    )
    ask = ["/usr/bin/python3", str(script), str(lab.gate.parent)]
    closed = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert "PermissionError" in closed.stderr
    lab.gate.chmod(0o666)
    lab.gate.parent.chmod(0o711)
    try:
        opened = subprocess.run(ask, capture_output=True, text=True, check=False)
    finally:
        lab.gate.parent.chmod(0o700)
    assert opened.stdout.strip() == "403", opened.stderr
    assert call(lab.gate, "GET", "/version").status == 200


def test_every_refusal_stands_in_the_log(lab: Gated) -> None:
    call(lab.gate, "GET", "/containers/written-in-the-log/top")
    log = (lab.config.parent / "privileged.log").read_text()
    assert "written-in-the-log" in log
    assert "gate-endpoint" in log
