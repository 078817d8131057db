"""Reader and checker under gVisor, where its ``runsc`` is there: what works, what is attacked, what is not to be had.

An engine of the test's own has the runtime, set up as ``docs/how-to/use-gvisor.md`` says; limits are those that the lab
has. Each attack is also run with the engine's usual runtime, where it must meet the machine's own kernel.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from attacks.cells import UNFILTERED, Cells, host
from attacks.own_engine import copy_image, own_engine
from hub.doctor.arguments import arguments_of
from hub.doctor.attacks import OWN_KERNEL, attacks_in, calls_of, judged
from hub.doctor.inside.floods import fork_much
from hub.doctor.program import Said, in_vain
from hub.domain.examinations import Verdict
from hub.domain.sandbox_exit import SandboxExit
from hub.gate.exchange import TableDeclaration
from hub.sandbox.exchange import SnapshotResult
from hub.settings import ReaderLimits
from integration.sandbox_container import IMAGE, notebook_of, read, start
from integration.test_gate_containers import Lab
from spawner_config.isolation import OTHER_RUNTIME, Limits, Purpose
from waiting import wait_for

# Where runs count, a runtime that set-up could not install is a failure and no gap.
pytestmark = pytest.mark.skipif(
    not (shutil.which("runsc") or os.environ.get("CI")) or os.geteuid() != 0,
    reason="gVisor's runsc is not to be had here",
)
RUNTIME = "runsc"
USED = ReaderLimits()
LIMITS = Limits(
    memory=USED.memory, cpus=USED.cpus, processes=USED.processes, tmp=USED.tmp, seconds=USED.seconds, file_size=2**30
)
MEGABYTE = 2**20
BOTH = pytest.mark.parametrize("purpose", sorted(OTHER_RUNTIME))


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    # The platform that every machine has; what its own engine needs stands in the how-to.
    runtime = {"path": shutil.which("runsc"), "runtimeArgs": ["--network=none", "--platform=ptrace"]}
    with own_engine({"runtimes": {RUNTIME: runtime}}) as made:
        copy_image(IMAGE, made.address)
        yield made.address


@pytest.fixture
def apart(engine: str, tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path, address=engine, runtime=RUNTIME)
    yield made
    made.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path)
    yield made
    made.close()


def test_foreign_bytes_become_a_snapshot(engine: str, tmp_path: Path) -> None:
    asked = {"files": [{"index": 1, "name": "persons.csv"}], "privacy_unit": "nr"}
    inside = {"request.json": json.dumps(asked).encode(), "0001": b"nr;name\n1;x\n2;y\n"}
    done = read(tmp_path / "work", "snapshot", inside, limits=LIMITS, address=engine, runtime=RUNTIME)
    assert (done.code, done.said) == (SandboxExit.OK, "ok\n")
    result = SnapshotResult.model_validate_json((done.root / "out/result.json").read_bytes())
    assert [(f.path, f.rows) for f in result.files] == [("persons.parquet", 2)]
    owner = (done.root / "out/persons.parquet").stat()
    assert owner.st_uid == owner.st_gid == (done.root / "out").stat().st_uid


def test_a_request_goes_through_the_gates_two_containers(engine: str, tmp_path: Path) -> None:
    lab = Lab(tmp_path, engine, RUNTIME)
    table = lab.data.group_by("group", "year").agg(n=pl.col("person").n_unique()).sort("group", "year")
    files = {"rows.csv": lab.data.head(20).write_csv().encode(), "small.csv": table.write_csv().encode()}
    assert lab.read(files).said == "ok\n"
    assert lab.check(files, TableDeclaration(dimensions=("group", "year"))).said == "ok\n"
    blocked = {f.path: {x.check for x in f.findings if x.severity == "block"} for f in lab.result.files}
    assert "row-leak" in blocked["rows.csv"]
    assert "minimum-frequency" in blocked["small.csv"]


Tried = tuple[Purpose, dict[str, Said | str]]


@pytest.fixture(scope="module", params=sorted(OTHER_RUNTIME))
def said(request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """What the doctor's attacks say there, but for those that need its scene."""
    purpose: Purpose = request.param
    cells = Cells(tmp_path_factory.mktemp("said"), address=engine, runtime=RUNTIME)
    cells.folder.chmod(0o755)
    attacks = [a for a in attacks_in(purpose, other_runtime=True) if a.name not in ("connections", "digest")]
    arguments = arguments_of(purpose, {}, "")
    data = {"folder": "/data/rand", "file": "there.txt", "other": "there.txt"}
    for name in ("opening", "memory-of-files", "changes", "mounts"):
        given = arguments[name]
        arguments[name] = {**given, **{key: value for key, value in data.items() if key in given}}
    yield purpose, cells.try_all(calls_of(attacks, arguments), purpose, limits=LIMITS)
    cells.close()


def test_what_the_doctor_tries_is_in_vain_or_reaches_gvisors_kernel_alone(said: Tried) -> None:
    purpose, found = said
    assert in_vain(found[OWN_KERNEL.name])
    rows = [a for a in attacks_in(purpose) if a.name in found]
    verdicts = {a.name: judged(a, purpose, found[a.name], apart=True).verdict for a in rows}
    assert [name for name, verdict in verdicts.items() if verdict not in (Verdict.HOLDS, Verdict.NOTE)] == []
    held = {name for name, verdict in verdicts.items() if verdict is Verdict.HOLDS}
    assert held >= {"devices", "resolver", "doors", "kernel", "scratch-programs", "writing"}
    if purpose is Purpose.CHECKER:
        assert held >= {"opening", "memory-of-files", "changes"}


def test_what_does_not_hold_under_gvisor_is_what_the_how_to_says(said: Tried) -> None:
    """The lab's list of calls is not applied there, nor are the masked paths: the kernel that answers is gVisor's."""
    done = {name: set(one.done) for name, one in said[1].items() if isinstance(one, Said)}
    assert done["powers"] == {"new privileges", "no filter of system calls"}
    assert "unshare user" in done["name-spaces"]
    assert (
        {"/proc/cmdline", "/proc/cgroups"} <= done["told-of-others"] <= {"/proc/cmdline", "/proc/cgroups", "/sys/class"}
    )


def test_with_the_usual_runtime_the_kernel_that_answers_is_the_machines(shared: Cells) -> None:
    """The twin: what is no proof of a kernel of its own is judged as broken."""
    said = shared.try_all(calls_of([OWN_KERNEL], arguments_of(Purpose.READER, {}, "")), Purpose.READER)
    assert not in_vain(said[OWN_KERNEL.name])
    assert judged(OWN_KERNEL, "reader", said[OWN_KERNEL.name]).verdict is Verdict.BROKEN


def hold_a_ring() -> Any:
    """Ask for an io_uring, by whose way holes in kernels were reached more than by any other, and keep it."""
    import ctypes
    import os
    import time

    ring = ctypes.CDLL(None, use_errno=True).syscall(425, 8, (ctypes.c_char * 256)())
    with open("/outputs/held" if os.path.isdir("/outputs") else "/out/held", "w") as file:  # noqa: PTH112, PTH123
        file.write(str(ring))
    time.sleep(30)


def rings(cells: Cells, made: str) -> int:
    """How many rings of the machine's kernel a container's processes hold."""
    wait_for(lambda: any(f.stat().st_size for f in cells.folder.glob("out*/held")), 30, "no ring is asked for")
    first = cells.engine.inspect_container(made)["State"]["Pid"]
    found = 0
    for number in family(first):
        with suppress(FileNotFoundError, ProcessLookupError):
            opened = [str(link.readlink()) for link in Path(f"/proc/{number}/fd").iterdir()]
            found += opened.count("anon_inode:[io_uring]")
    return found


def family(first: int) -> list[int]:
    """A process and all that came of it, as the machine sees them."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            children.setdefault(int(words[1]), []).append(int(path.parent.name))
    found = [first]
    for number in found:
        found += children.get(number, [])
    return found


def where_it_is() -> Any:
    import pathlib
    import platform

    words = pathlib.Path("/proc/cmdline").read_text()
    return [platform.release(), words]


@BOTH
def test_a_ring_that_is_asked_for_is_none_of_the_machines_kernel(apart: Cells, purpose: Purpose) -> None:
    assert rings(apart, apart.begin(hold_a_ring, purpose, limits=LIMITS)) == 0


def test_a_ring_is_the_machines_kernels_in_a_weak_container(shared: Cells) -> None:
    assert rings(shared, shared.begin(hold_a_ring, weaken=host(**UNFILTERED))) == 1


@BOTH
def test_nothing_of_the_machine_is_told_by_its_kernel(apart: Cells, purpose: Purpose) -> None:
    release, words = apart.run(where_it_is, purpose, limits=LIMITS).said
    assert release != platform.release()
    assert "gvisor" in words
    assert words.strip() != Path("/proc/cmdline").read_text().strip()


def take_memory(megabytes: int) -> Any:
    held = []
    for _ in range(megabytes):
        held.append(bytearray(b"x") * 2**20)
    return len(held)


@BOTH
def test_floods_end_inside(apart: Cells, purpose: Purpose) -> None:
    """The limits of memory and of processes hold for gVisor's own kernel: who meets them ends it, and so themselves."""
    small = replace(LIMITS, memory=256 * MEGABYTE)
    assert apart.run(take_memory, purpose, limits=small, megabytes=30).said == 30
    assert apart.run(take_memory, purpose, limits=small, megabytes=600).said is None
    assert apart.run(fork_much, purpose, limits=LIMITS, most=3).said["done"] == ["3 processes"]
    flooded = apart.run(fork_much, purpose, limits=LIMITS, most=LIMITS.processes)
    assert flooded.said is None or flooded.said["done"] == []


def write_much(folder: str, megabytes: int) -> Any:
    """How many megabytes one file takes, and how many the scratch folder."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def written(path: str) -> int:
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123
            for count in range(megabytes):
                try:
                    file.write(b"x" * 2**20)
                except OSError:
                    return count
        return megabytes

    return [written(f"{folder}/much"), written("/tmp/much")]


@BOTH
def test_a_file_and_the_scratch_folder_have_their_end(apart: Cells, purpose: Purpose) -> None:
    bounded = replace(LIMITS, file_size=16 * MEGABYTE, tmp=8 * MEGABYTE)
    assert apart.run(write_much, purpose, limits=bounded, folder="/out", megabytes=32).said == [16, 8]


def test_a_validation_does_not_run_there_and_passes_nothing(engine: str, tmp_path: Path) -> None:
    """Why runs and validations have the usual runtime: this gVisor hands no orphans to the program that ends them."""
    body = notebook_of("print('reached')")
    asked = {"digest": hashlib.sha256(body).hexdigest(), "cell_seconds": 20}
    inside = {"notebook.ipynb": body, "request.json": json.dumps(asked).encode()}

    def on_gvisor(made: dict[str, Any]) -> None:
        made["HostConfig"]["Runtime"] = RUNTIME

    done = start(
        tmp_path / "run", "validate", Purpose.RUN, inside, ("outputs",), limits=LIMITS, address=engine, change=on_gvisor
    )
    assert done.code == SandboxExit.CRASHED
    assert list((done.root / "outputs").iterdir()) == []
