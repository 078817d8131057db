"""The doctor sees each weakness: every attack of its table on a container that was weakened on purpose, as a ✗.

What the doctor says of containers as the lab makes them is tested with the story; here its attacks are.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from attacks.cells import UNFILTERED, Body, Weaken, host, root
from hub.adapters.engine import DockerEngine
from hub.doctor import containers
from hub.doctor.arguments import HARMLESS
from hub.doctor.attacks import ATTACKS, Attack
from hub.doctor.containers import Cell
from hub.doctor.examine import Doctor
from hub.doctor.faults import what_is_there
from hub.doctor.inside.network import open_sockets
from hub.doctor.program import Said, heard
from hub.doctor.runs import runs_tried
from hub.doctor.scene import DATASET, Scene, scene
from hub.doctor.throwaway import ThrowAway
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.settings import Login, Settings
from spawner_config.isolation import NO_NEW_PRIVILEGES
from spawner_config.names import LABEL_LAB

ROOMY = {"Memory": 600 * 2**20, "MemorySwap": 600 * 2**20}
SAVING = pytest.mark.usefixtures("leaves_nothing")


def other_data(body: Body) -> None:
    """Mount a folder whose files can be written, with one file more, in the place of a dataset."""
    root()(body)
    for mount in body["HostConfig"]["Mounts"]:
        if mount["Target"] == f"/data/{DATASET}":
            made = Path(mount["Source"]).parents[2] / "other"
            if not made.exists():
                shutil.copytree(mount["Source"], made)
                (made / "more.parquet").write_bytes(b"PAR1PAR1")
                for file in made.iterdir():
                    file.chmod(0o666)
            mount["Source"] = str(made)


def with_a_door(body: Body) -> None:
    """Mount the folder of a socket that somebody answers at."""
    body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": DOOR, "Target": "/mnt", "ReadOnly": False})


DOOR = "/tmp/datalab-doctor-door"

WEAK: dict[str, tuple[Weaken, ...]] = {
    "devices": (host(NetworkMode="host"),),
    "connections": (host(NetworkMode="host"),),
    "resolver": (host(ExtraHosts=["lab.example:127.0.0.9"]), host(Dns=["127.0.0.53"])),
    "kinds-of-sockets": (root(CapAdd=["NET_RAW"], **UNFILTERED), host(**UNFILTERED)),
    "doors": (with_a_door,),
    "powers": (root(), host(CapDrop=[]), host(SecurityOpt=[]), host(**UNFILTERED), host(GroupAdd=["0"])),
    "name-spaces": (root(CapAdd=["SYS_ADMIN"], **UNFILTERED), host(**UNFILTERED)),
    "kernel": (root(CapAdd=["SYS_ADMIN"], MaskedPaths=[], ReadonlyPaths=[], CapDrop=[], **UNFILTERED),),
    "told-of-others": (host(MaskedPaths=[]),),
    "system-calls": (host(**UNFILTERED),),
    "other-doors": (host(SecurityOpt=[NO_NEW_PRIVILEGES]),),
    "host-devices": (
        host(Devices=[{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg", "CgroupPermissions": "r"}]),
    ),
    "scratch-programs": (host(Tmpfs={"/tmp": "rw,exec,size=8m"}),),
    "writing": (root(ReadonlyRootfs=False),),
    "memory": (host(**ROOMY),),
    "processes": (host(PidsLimit=0, **ROOMY),),
    "scratch-space": (host(Tmpfs={"/tmp": "rw,size=64m"}, **ROOMY), host(ShmSize=2**28, **ROOMY)),
    "files": (host(Ulimits=[]),),
    "opening": (other_data,),
    "memory-of-files": (other_data,),
    "changes": (other_data,),
    "seal": (other_data,),
    "mounts": (root(CapAdd=["SYS_ADMIN"], **UNFILTERED),),
    "digest": (other_data,),
    "neighbour": (host(NetworkMode="host"), host(PidMode="host"), host(IpcMode="host")),
}
"""For each attack, containers in which it has to work."""
POWERS = ["SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_CHROOT", "SYS_BOOT", "SYS_TIME", "SYS_PTRACE", "SYS_RAWIO",
          "SYS_PACCT", "SYSLOG", "MKNOD", "DAC_READ_SEARCH", "DAC_OVERRIDE", "FOWNER", "IPC_OWNER", "SYS_MODULE",
          "SYS_TTY_CONFIG", "CHOWN"]  # fmt: skip
LIKE_THE_HOST = root(
    CapAdd=POWERS, DeviceCgroupRules=["a *:* rwm"], MaskedPaths=[], ReadonlyPaths=[], ReadonlyRootfs=False, **UNFILTERED
)
"""Root with nearly all powers and no mask; the engine's own word for it asks for more than some machines can give."""


def writable_data(body: Body) -> None:
    """The same as ``other_data``, whose folder may be written, too, as may everything that is mounted."""
    other_data(body)
    body["HostConfig"].update(CapAdd=POWERS, **UNFILTERED)
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


def forged_data(body: Body) -> None:
    """Mount a folder with other bytes, and a manifest that tells of none of them."""
    other_data(body)
    for mount in body["HostConfig"]["Mounts"]:
        if mount["Target"] == f"/data/{DATASET}":
            forged = Path(mount["Source"]).with_name("forged")
            if not forged.exists():
                shutil.copytree(mount["Source"], forged)
                (forged / "persons.parquet").write_bytes(b"PAR1PAR1")
                (forged / "manifest.json").write_bytes((forged / "manifest.json").read_bytes() + b"\n")
            mount["Source"] = str(forged)


def same_sockets(body: Body) -> None:
    """Be root, and have one folder of sockets with everybody."""
    root(CapAdd=POWERS)(body)
    for mount in body["HostConfig"]["Mounts"]:
        if mount["Target"] == "/run/nb":
            mount["Source"] = DOOR
            return
    body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": DOOR, "Target": "/run/nb", "ReadOnly": False})


NAMES = ["localhost.localdomain.example", "lab.example", "metadata.google.internal"]
WEAKER: dict[str, tuple[Weaken, ...]] = {
    "resolver": (host(ExtraHosts=[f"{name}:127.0.0.9" for name in NAMES]),),
    "kinds-of-sockets": (LIKE_THE_HOST,),
    "powers": (LIKE_THE_HOST,),
    "name-spaces": (LIKE_THE_HOST,),
    "kernel": (LIKE_THE_HOST,),
    "told-of-others": (LIKE_THE_HOST,),
    "system-calls": (LIKE_THE_HOST,),
    "host-devices": (LIKE_THE_HOST,),
    "scratch-programs": (host(Tmpfs={"/dev/shm": "rw,exec,size=8m", "/tmp": "rw,exec,size=8m"}),),
    "memory-of-files": (writable_data,),
    "changes": (writable_data,),
    "opening": (writable_data,),
    "mounts": (LIKE_THE_HOST,),
    "digest": (forged_data,),
    "neighbour": (host(IpcMode="host", **UNFILTERED), same_sockets),
}
"""More of them, in which all that an attack tries has to work at least once."""
NEVER: dict[str, dict[str, str]] = {
    "devices": {"IPv6 addresses": "not every machine's devices have one"},
    "connections": {
        "udp ff02::1 53": "the same; tests/attacks/test_p1_no_network.py reaches it in a network of its own"
    },
    "powers": dict.fromkeys(("CapAmb", "CapInh"), "the engine gives these sets to no container"),
    "name-spaces": {"enter user": "the kernel lets nobody enter the one that they are in"},
    "system-calls": dict.fromkeys(
        ("delete_module", "init_module", "kexec_load", "iopl", "uselib"),
        "calls for modules and other kernels, and dead numbers: not every kernel has them",
    ),
    "memory-of-files": dict.fromkeys(
        ("splice", "own memory", "unprotected reading"), "works on a kernel with a fault alone"
    ),
    "told-of-others": {"/dev/kmsg": "waits where nothing is new", "/proc/kcore": "asks for a power of its own"},
}
"""For each attack, ways that work in no container here, and why."""
OTHER_NAMES = {
    "devices": {"network devices": r"(?!route |IPv6 ).+", "IPv4 routes": "route .+", "IPv6 addresses": "IPv6 .+"},
    "doors": {"every file outside of /proc": "/.+"},
    "writing": {r"\d+ folders": "/.*"},
}
"""Ways, by an expression, whose success has other names than they do."""


def never(attack: Attack, way: str) -> bool:
    """What works in no container has a reason, or does not work for the machine's own root either."""
    match attack.name:
        case "kinds-of-sockets":
            return way not in open_sockets()["done"]
        case "told-of-others" | "kernel" if way.startswith(("/proc/", "/sys/")) and not tells(Path(way)):
            return True
        case "host-devices":
            return not way.startswith("made ") and (way in HARMLESS or way.startswith(("../", "pts/")))
        case "changes":
            return way.startswith("name in ")  # another mount, where no file gets a second name
    return way in NEVER.get(attack.name, {})


def tells(path: Path) -> bool:
    """The machine has this, and something in it."""
    try:
        return any(path.iterdir()) if path.is_dir() else bool(path.open("rb").read(1))
    except OSError:
        return False


CASES = [(attack, weaken) for attack in ATTACKS for weaken in WEAK[attack.name]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path, login=Login(demo=True), name=f"t{uuid.uuid4().hex[:10]}")


@pytest.fixture
def leaves_nothing(settings: Settings) -> Iterator[None]:
    """After a test no container, mount or folder of it is left."""
    yield
    assert what_is_there(settings) == set()


@pytest.fixture
def played(settings: Settings, leaves_nothing: None) -> Iterator[Callable[[Weaken], tuple[Scene, ThrowAway]]]:
    """A scene whose containers are weakened."""
    image = DockerEngine(settings.name).image_digest(settings.images.workspace)
    with scene(settings, image, ThrowAway(settings.name).labels()) as made:
        yield lambda weaken: (made, ThrowAway(settings.name, weaken))


@contextmanager
def door() -> Iterator[None]:
    """A socket in a folder that everybody may enter."""
    folder = Path(DOOR)
    folder.mkdir(exist_ok=True)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{DOOR}/engine.sock")
            Path(f"{DOOR}/engine.sock").chmod(0o666)
            listener.listen()
            yield
    finally:
        shutil.rmtree(folder)


def tried(made: Scene, throw_away: ThrowAway, attack: Attack) -> list[Attempt]:
    cell = Cell(attack.places[0], [attack], attack.flooded)
    return list(containers.attacked(made, throw_away, [cell], lambda _: None))


def test_every_attack_has_a_weak_twin() -> None:
    assert sorted(WEAK) == sorted(a.name for a in ATTACKS)


def seen_in(
    played: Callable[[Weaken], tuple[Scene, ThrowAway]], attack: Attack, weaken: Weaken
) -> tuple[list[Attempt], Said | str]:
    """Make an attack in a container that was weakened, once for all tests: what is judged of it, and what it said."""
    known = attack.name, weaken
    if known not in SEEN:
        said: list[Said | str] = []

        def hear(text: str) -> dict[str, Said | str]:
            found = heard(text)
            said.append(found.get(attack.name, "nothing"))
            return found

        with door(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(containers, "heard", hear)
            SEEN[known] = tried(*played(weaken), attack), said[-1]
    return SEEN[known]


SEEN: dict[tuple[str, Weaken], tuple[list[Attempt], Said | str]] = {}


@pytest.mark.parametrize(("attack", "weaken"), CASES, ids=[a.name for a, _ in CASES])
def test_an_attack_is_seen_to_work_in_a_weak_container(
    played: Callable[[Weaken], tuple[Scene, ThrowAway]], attack: Attack, weaken: Weaken
) -> None:
    found, _ = seen_in(played, attack, weaken)
    seen = next(a for a in found if a.name == attack.name)
    assert seen.verdict is Verdict.BROKEN
    assert seen.seen.startswith("It worked: "), seen.seen
    if attack.promise is Promise.NETWORK:
        # What was weakened shows in the engine's own account, too.
        assert next(a for a in found if a.name == "engine").verdict is Verdict.BROKEN


@pytest.mark.parametrize("attack", ATTACKS, ids=[a.name for a in ATTACKS])
def test_every_way_that_is_tried_works_in_some_weak_container(
    played: Callable[[Weaken], tuple[Scene, ThrowAway]], attack: Attack
) -> None:
    """What works nowhere stands with its reason; whatever else does is an attempt that cannot fail."""
    attempted, worked = set[str](), set[str]()
    for weaken in (*WEAK[attack.name], *WEAKER.get(attack.name, ())):
        _, said = seen_in(played, attack, weaken)
        assert isinstance(said, Said), said
        attempted |= set(said.tried)
        worked |= set(said.done)
    for way, names in OTHER_NAMES.get(attack.name, {}).items():
        if any(re.fullmatch(names, done) for done in worked):
            worked |= {one for one in attempted if re.fullmatch(way, one)}
    assert sorted(way for way in attempted - worked if not never(attack, way)) == []


def test_listeners_of_the_machine_see_who_comes(played: Callable[[Weaken], tuple[Scene, ThrowAway]]) -> None:
    attack = next(a for a in ATTACKS if a.name == "connections")
    found = {a.name: a for a in tried(*played(host(NetworkMode="host")), attack)}
    assert found["listeners"].verdict is Verdict.BROKEN
    assert found["listeners"].seen == "Something came: abstract socket, tcp, udp."


@pytest.mark.parametrize(
    "command",
    [["true"], ["sleep", "0"], ["python", "-c", 'print(\'said:["devices", {"tried": [], "done": []}]\')']],
    ids=["ends", "sleeps", "tries nothing"],
)
def test_a_container_that_says_nothing_keeps_no_promise(
    played: Callable[[Weaken], tuple[Scene, ThrowAway]], command: list[str]
) -> None:
    def say_nothing(body: Body) -> None:
        body["Cmd"] = command

    attack = next(a for a in ATTACKS if a.name == "devices")
    found = {a.name: a for a in tried(*played(say_nothing), attack)}
    assert found["devices"].verdict is Verdict.BROKEN


def careless(body: Body) -> None:
    """Let the run's program take whatever it is given as what was approved."""
    if body["Cmd"][:2] == ["python", "-m"]:
        source = (
            "import hub.sandbox.execute as e\n"
            "from hub.sandbox.notebook_file import read_notebook\n"
            "e.read_same = lambda path, digest: read_notebook(path.read_bytes())\n"
            "e.accepted_parameters = lambda request: dict(request.parameters)\n"
            "e.main()\n"
        )
        body["Cmd"] = ["python", "-c", source]


def test_a_run_that_takes_other_bytes_is_seen(played: Callable[[Weaken], tuple[Scene, ThrowAway]]) -> None:
    found = {a.name: a.verdict for a in runs_tried(*played(careless))}
    assert found["approved"] is Verdict.HOLDS
    assert found["swapped-bytes"] is Verdict.BROKEN
    assert found["outside-of-schema"] is Verdict.BROKEN


@SAVING
def test_the_doctor_tells_of_a_weak_lab_and_goes_on(settings: Settings) -> None:
    weak = Doctor(settings, frozenset({Promise.DATASETS, Promise.PROJECTS}), weaken=other_data).examine()
    assert weak.verdict(Promise.DATASETS) is Verdict.BROKEN
    assert {a.where for a in weak.of(Promise.DATASETS)} >= {"workspace", "run", "checker", "host"}
    assert weak.of(Promise.PROJECTS)


def test_what_a_killed_doctor_left_is_taken_away_and_a_scene_that_is_played_is_not(settings: Settings) -> None:
    image = DockerEngine(settings.name).image_digest(settings.images.workspace)
    playing = (
        "import sys, time\nfrom pathlib import Path\nfrom hub.doctor.scene import OWN, scene\n"
        "from hub.settings import Login, Settings\n"
        f"settings = Settings(state=Path({str(settings.state)!r}), login=Login(demo=True), name={settings.name!r})\n"
        f"with scene(settings, {image!r}, {{}}) as made:\n"
        "    made.storage.project(OWN, made.uid)\n    print('played', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", playing], stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"played\n"
        with scene(settings, image, {}):
            assert len(what_is_there(settings)) >= 2
        left = what_is_there(settings)
        assert left
        killed.kill()
    with scene(settings, image, {}):
        assert not left & what_is_there(settings)
    assert what_is_there(settings) == set()


@SAVING
def test_an_engine_that_refuses_is_not_looked_at(settings: Settings) -> None:
    def impossible(body: Body) -> None:
        body["Image"] = "datalab/there-is-no-such-image"

    found = Doctor(settings, frozenset({Promise.NETWORK, Promise.RUNS}), weaken=impossible).examine()
    assert found.verdict(Promise.NETWORK) is Verdict.UNSEEN
    assert found.verdict(Promise.RUNS) is Verdict.UNSEEN


@SAVING
def test_what_the_doctor_makes_carries_the_labs_label(settings: Settings) -> None:
    seen: list[int] = []
    client = docker.APIClient()

    def look(_step: str) -> None:
        """Said whenever one of the containers has ended, the others still there."""
        seen.append(len(client.containers(all=True, filters={"label": f"{LABEL_LAB}={settings.name}"})))

    Doctor(settings, frozenset({Promise.NETWORK}), look).examine()
    client.close()
    assert max(seen) > 0
