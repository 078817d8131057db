"""Start and stop the lab's processes.

Invariants:

* starting a lab that runs changes nothing but what had failed; stopping one that does not run changes nothing;
* what a failed start had started is ended before the failure is said;
* after a stop no process, container, socket or mount of the lab is left, or a sentence says which.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.adapters.accounts.known import are_separate
from hub.adapters.accounts.prepared import prepare_state
from hub.adapters.accounts.reach import check_accounts_reach
from hub.adapters.accounts.sharing import share_servers
from hub.adapters.power.places import privileged_folder
from hub.adapters.processes import leftovers, supervisor
from hub.adapters.processes.health import answers, has_route
from hub.adapters.processes.preflight import Images, check_can_start
from hub.adapters.processes.programs import Program, lab_programs
from hub.adapters.processes.records import end_all, folder_of, is_alive, read_records, wait_for_end
from hub.domain.errors import ConflictError, LabError, UnavailableError
from hub.settings import Settings

Progress = Callable[[str], None]
MOST_STARTS = 3
"""Of one program while the lab starts; one that ends more often will not come up."""


@dataclass(frozen=True, slots=True)
class Status:
    """One process as it is now; ``state`` is supervisord's word in lower case, or running and stopped."""

    name: str
    state: str
    pid: int | None


def start(
    settings: Settings,
    config: Path,
    images: Images,
    *,
    programs: Sequence[Program] | None = None,
    progress: Progress = lambda _: None,
    limit: float = 60.0,
) -> None:
    """Start the lab and wait until all of it answers.

    Raises UnavailableError with everything that is in the way, or with the process that does not come up and its log;
    ConflictError when the lab runs with other settings.
    """
    programs = lab_programs(settings, config) if programs is None else programs
    with _alone(settings):
        text = supervisor.configuration(settings, config, programs)
        with supervisor.connected(settings) as rpc:
            if rpc is not None:
                _start_rest(settings, rpc, text)
                _wait(settings, rpc, programs, progress, limit)
                return
        end_all(read_records(settings))
        prepare_state(settings)
        check_can_start(settings, images)
        _let_accounts_in(settings, config, programs)
        supervisor.launch(settings, config, text)
        try:
            with supervisor.connected(settings) as rpc:
                _wait(settings, rpc, programs, progress, limit)
        except BaseException:  # Also when somebody types Ctrl-C: half a lab helps nobody.
            _halt(settings)
            raise


def _start_rest(settings: Settings, rpc: Any, text: str) -> None:
    """Start again what of a running lab had failed."""
    _check_same(settings, text)
    prepare_state(settings, runs=True)
    rpc.supervisor.startProcessGroup(supervisor.GROUP, False)


def prepare(settings: Settings) -> None:
    """Let the state folder be as this version wants it, before a command looks into it; a running lab keeps running."""
    with _alone(settings):
        prepare_state(settings, runs=supervisor.runs(settings))


def _let_accounts_in(settings: Settings, config: Path, programs: Sequence[Program]) -> None:
    """Each process's account reaches what it needs, wherever the lab lies; where one account runs all, it does."""
    if are_separate():
        share_servers(settings)
        check_accounts_reach(settings, {p.account: (config, *p.needs) for p in programs if p.account is not None})


def stop(
    settings: Settings,
    *,
    clean: Sequence[Callable[[], None]] = (),
    remove_containers: Callable[[str], None] = leftovers.remove_containers,
    progress: Progress = lambda _: None,
) -> None:
    """End every process of the lab, remove its containers, then do what ``clean`` says, such as unmounting.

    All of it is tried; UnavailableError then says everything that could not be done.
    """
    if not settings.state.is_dir():
        return
    steps: list[tuple[str, Callable[[], None]]] = [
        ("processes ended", lambda: _halt(settings)),
        ("containers removed", lambda: remove_containers(settings.name)),
        ("sockets removed", lambda: leftovers.remove_server_folders(settings)),
        *(("cleaned", act) for act in clean),
        ("nothing left", lambda: leftovers.check_nothing_left(settings)),
    ]
    faults = []
    with _alone(settings):
        for sentence, step in steps:
            try:
                step()
                progress(sentence)
            except LabError as error:
                faults.append(str(error))
    if faults:
        raise UnavailableError(
            "The lab is not stopped altogether:\n{faults}",
            reason="not-stopped",
            faults="\n".join(f"  {fault}" for fault in faults),
        )


def status(settings: Settings) -> list[Status]:
    """Every process of the lab that runs or should."""
    with supervisor.connected(settings) as rpc:
        kept = [
            Status(info["name"], str(info["statename"]).lower(), info["pid"] or None)
            for info in (rpc.supervisor.getAllProcessInfo() if rpc else ())
        ]
    names = {entry.name for entry in kept}
    own = [record for record in read_records(settings) if record.name not in names]
    return kept + [Status(r.name, "running" if is_alive(r) else "stopped", r.pid) for r in own]


def log_files(settings: Settings) -> dict[str, Path]:
    """The log of each process, by its name."""
    return {path.stem: path for path in sorted((settings.state / "logs").glob("*.log"))}


def _check_same(settings: Settings, text: str) -> None:
    """A running lab is the one that the settings describe."""
    running = folder_of(settings) / supervisor.CONFIGURATION
    if running.read_text(encoding="utf-8") != text:
        raise ConflictError(
            "The lab runs with other settings than lab.toml says now; run “make down”, then “make up”.",
            reason="settings-changed",
        )


def _wait(settings: Settings, rpc: Any, programs: Sequence[Program], progress: Progress, limit: float) -> None:
    """Wait until every program answers, and the proxy knows the way to the portal."""
    began = time.monotonic()
    pending = list(programs)
    numbers: dict[str, set[int]] = {}
    while pending or not has_route(settings, programs):
        seconds = time.monotonic() - began
        for program in [p for p in pending if _is_ready(settings, p)]:
            pending.remove(program)
            progress(f"{program.name} answers after {seconds:.1f} s")
        failed = _failed(rpc, numbers)
        if failed or seconds > limit:
            raise _not_up(settings, sorted(failed.union(p.name for p in pending)) or ["proxy"], seconds)
        time.sleep(0.05)


def _failed(rpc: Any, numbers: dict[str, set[int]]) -> set[str]:
    """Programs that supervisord has given up, or that it starts again and again; ``numbers`` remembers their pids."""
    for info in rpc.supervisor.getAllProcessInfo():
        seen = numbers.setdefault(info["name"], set())
        seen |= {info["pid"]} - {0}
        if info["statename"] == "FATAL" or len(seen) > MOST_STARTS:
            return {info["name"]}
    return set()


def _is_ready(settings: Settings, program: Program) -> bool:
    if program.health:
        return answers(program.health, program.listener)
    return any(record.name == program.name and is_alive(record) for record in read_records(settings))


def _not_up(settings: Settings, names: list[str], seconds: float) -> UnavailableError:
    logs = log_files(settings)
    files = {str(logs.get(name, settings.state / "logs" / "hub.log")) for name in names}
    return UnavailableError(
        "{names} did not come up within {seconds} s. Look at the end of {files}.",
        reason="process-failed",
        names=", ".join(names),
        seconds=round(seconds),
        files=", ".join(sorted(files)),
    )


def _halt(settings: Settings) -> None:
    """End supervisord with its programs, then whatever a killed one left; the parents first, who restart children."""
    with supervisor.connected(settings) as rpc:
        if rpc is not None:
            rpc.supervisor.shutdown()
            wait_for_end([record for record in read_records(settings) if record.name == supervisor.NAME], 30.0)
    for names in ({supervisor.NAME}, {"hub"}):
        end_all(record for record in read_records(settings) if record.name in names)
    left = end_all(read_records(settings))
    if left:
        raise UnavailableError(
            "Processes that do not end, even when killed: {left}. The disk or a mount may hang; look at “dmesg”.",
            reason="process-hangs",
            left=", ".join(f"{record.name} ({record.pid})" for record in left),
        )
    leftovers.forget_processes(settings)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One command at a time starts or stops a lab."""
    for folder in (settings.state, folder_of(settings), settings.state / "logs", privileged_folder(settings.state)):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(
                "The folder {folder} cannot be made: {why}. Choose another state folder in lab.toml.",
                reason="state-folder",
                folder=folder,
                why=error.strerror,
            ) from None
    with (folder_of(settings) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                "Another command is starting or stopping this lab; wait for it.", reason="lab-busy"
            ) from None
        yield
