"""The worker's round: observe the containers, reconcile the rows with them, and start what is queued.

Invariants:

* rows are read before containers are listed, so that a row is never ahead of what was seen;
* rows are not read again while no event was recorded, since no record changes without one, but every few seconds; nor
  is the engine asked about containers whose processes run;
* one worker goes round at a time: one that a killed hub left for a moment is waited for, and gives way when it dies;
* every step may be repeated: a worker killed at any point finds the container by its name and goes on;
* what may not start, or go on, is ended with the reason, and before a container of it starts;
* a container is removed only after its end stands in the records, and so are the folders it worked in;
* a piece of work that cannot go on now keeps no other from going on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from datasets_mount.synthetic import SyntheticTwin, TwinState
from hub.domain.audit import event
from hub.domain.errors import LabError, NotFoundError, RefusedError, UnavailableError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.queue_turns import ranks_of, whose_turn
from hub.domain.runs import Run, Screening
from hub.domain.sandbox_exit import sentence
from hub.domain.work import ENDED, UNDER_WAY, Work, WorkKind, WorkState, WorkStep, step_work
from hub.services.check_work import CHECK, READ
from hub.services.intake_work import INSPECT, SNAPSHOT
from hub.services.lab import Lab
from hub.services.ports import ContainerState, ContainerView, Reading
from hub.services.recipe import Recipe, described, limits_of
from hub.services.run_work import RUN
from hub.services.screen_work import SCREEN, SCREEN_READ
from hub.services.twin_work import CHECK_TWIN, MAKE_TWIN, READ_TWIN
from hub.services.validate_work import TWIN, VALIDATE
from spawner_config.isolation import container_body
from spawner_config.names import work_container

RECIPES: dict[WorkKind, Recipe] = {
    WorkKind.SNAPSHOT: SNAPSHOT,
    WorkKind.INSPECT: INSPECT,
    WorkKind.TWIN: TWIN,
    WorkKind.VALIDATE: VALIDATE,
    WorkKind.MAKE_TWIN: MAKE_TWIN,
    WorkKind.READ_TWIN: READ_TWIN,
    WorkKind.CHECK_TWIN: CHECK_TWIN,
    WorkKind.RUN: RUN,
    WorkKind.SCREEN_READ: SCREEN_READ,
    WorkKind.SCREEN: SCREEN,
    WorkKind.READ: READ,
    WorkKind.CHECK: CHECK,
}


READ_AGAIN = 10.0
"""Seconds after which a round reads, whatever seems to be unchanged."""


@dataclass(slots=True)
class LastRound:
    """What a round read that came to its end without a fault, and what it was true of.

    The day counts beside the head of the log, since grants, memberships and projects end with one.
    """

    head: str = ""
    day: date | None = None
    active: tuple[Work, ...] = ()
    read: float = 0.0
    """When it was read, in seconds that no set clock moves."""

    def holds(self, head: str, day: date, seconds: float) -> bool:
        """Say whether what was read is still true."""
        return head == self.head and day == self.day and 0 <= seconds - self.read < READ_AGAIN

    def keep(self, head: str, day: date, active: tuple[Work, ...], read: float) -> None:
        """Keep what was read."""
        self.head, self.day, self.active, self.read = head, day, active, read

    def forget(self) -> None:
        """Let the next round read."""
        self.day = None


def do_round(lab: Lab, last: LastRound | None = None) -> frozenset[str]:
    """Bring every piece of work one step further and return which are under way.

    ``last`` is kept by whoever does rounds one after the other: what it read still stands while nothing was recorded
    since, and then it is only looked whether the containers still run.

    While another worker goes round, nothing is done. Raises UnavailableError when the engine or the disk does not
    answer; nothing is lost, the next round goes on.
    """
    with lab.storage.turn() as is_ours:
        return _round(lab, LastRound() if last is None else last) if is_ours else frozenset()


def _round(lab: Lab, last: LastRound) -> frozenset[str]:
    head, day, seconds = lab.store.head(), lab.now().date(), lab.clock.seconds()
    is_quiet = last.holds(head, day, seconds)
    active = last.active if is_quiet else _active(lab)
    last.forget()
    views = {view.work: view for view in lab.engine.containers(is_quiet=is_quiet)}
    faults: list[LabError] = []
    under_way = {w.id for w in active if _tried(lab, w, views.get(w.id), faults, is_checked=is_quiet)}
    if not is_quiet:
        _sweep(lab, views, under_way)
        _end_cancelled(lab)
        while len(under_way) < lab.settings.concurrent_work and (claimed := claim(lab)) is not None:
            if _tried(lab, claimed, None, faults):
                under_way.add(claimed.id)
    if faults:
        raise faults[0]
    last.keep(head, day, active, last.read if is_quiet else seconds)
    return frozenset(under_way)


def _active(lab: Lab) -> tuple[Work, ...]:
    with lab.store.read() as reading:
        return tuple(reading.find(Work, state=UNDER_WAY))


def _tried(
    lab: Lab, work: Work, view: ContainerView | None, faults: list[LabError], *, is_checked: bool = False
) -> bool:
    """Bring one piece of work one step further, and keep its fault, so that the others have their turn."""
    try:
        return _advance(lab, work, view, is_checked=is_checked)
    except LabError as error:
        faults.append(error)
        return True


def _end_cancelled(lab: Lab) -> None:
    """End what waits and was cancelled, also while every place is taken; it never has a container."""
    with lab.store.read() as reading:
        if not reading.count(Work, state=WorkState.QUEUED, cancel_asked=True):
            return
    with lab.store.begin() as records:
        for work in records.find(Work, state=WorkState.QUEUED, cancel_asked=True):
            ended = step_work(work, WorkStep.CANCEL, now=lab.now())
            records.save(ended, event(f"work:{work.kind}:cancel", "worker", work.id))


def claim(lab: Lab) -> Work | None:
    """Take the queued work whose turn it is.

    Where there is none, which is so in most rounds, it is only read, and nobody who writes waits for the worker.
    """
    with lab.store.read() as reading:
        if _next(lab, reading) is None:
            return None
    with lab.store.begin() as records:
        queued = _next(lab, records)
        if queued is None:
            return None
        claimed = step_work(queued, WorkStep.CLAIM, now=lab.now())
        records.save(claimed, event(f"work:{queued.kind}:claim", "worker", queued.id))
        return claimed


def _next(lab: Lab, reading: Reading) -> Work | None:
    """Return the queued work whose turn it is; a project with as many runs as its allowance lets it has none."""
    heads = reading.queue_heads()
    under_way = reading.under_way() if heads else {}
    may = {project: work for project, work in heads.items() if not _is_full(lab, project, under_way)}
    if len(may) < 2:
        return next(iter(may.values()), None)
    since = {project: at for at, project in enumerate(may)}
    return may[whose_turn(since, under_way, ranks_of(reading.last_starts()))]


def _is_full(lab: Lab, project: str, under_way: Mapping[str, int]) -> bool:
    if not project or not lab.settings.allowance:
        return False
    return under_way.get(project, 0) >= lab.settings.runs_in(project)


def _advance(lab: Lab, work: Work, view: ContainerView | None, *, is_checked: bool) -> bool:
    """Bring one piece of work one step further; True while it is still under way.

    ``is_checked`` says that it may go on by these very records.
    """
    if work.cancel_asked:
        return _end_early(lab, work, WorkStep.CANCEL, work.reason or "It was cancelled.")
    if not is_checked and (why := _refusal(lab, work)):
        return _end_early(lab, work, WorkStep.FAIL, why)
    if work.state is WorkState.STARTING:
        return _launch(lab, work, view)
    if view is None:
        return _end(lab, work, WorkStep.LOSE, "Its container is gone; start it again.", None)
    if view.state is ContainerState.EXITED:
        ok = view.exit_code == 0 and not view.out_of_memory
        reason = "" if ok else sentence(view.exit_code, out_of_memory=view.out_of_memory)
        return _end(lab, work, WorkStep.SUCCEED if ok else WorkStep.FAIL, reason, view.exit_code)
    if _ran(lab, work, view) > limits_of(lab, work.kind).seconds:
        return _end_early(lab, work, WorkStep.TIME_OUT, "It took longer than its time limit.")
    return True


def _refusal(lab: Lab, work: Work) -> str:
    """Return the sentence why a piece of work may not start, or go on; a database that is away ends nothing."""
    try:
        with lab.store.read() as reading:
            RECIPES[work.kind].check(reading, work)
    except (NotFoundError, RefusedError) as error:
        return str(error)
    return ""


def _ran(lab: Lab, work: Work, view: ContainerView) -> float:
    """Seconds that a container has run: a clock that jumps ends nobody's run, and makes none go on for ever."""
    if view.seconds is not None:
        return view.seconds
    return (lab.now() - work.started).total_seconds() if work.started else 0.0


def _launch(lab: Lab, work: Work, view: ContainerView | None) -> bool:
    """Create and start the container where that has not happened yet, then say so in the records."""
    name = work_container(lab.settings.name, work.id)
    if view is None or view.state is ContainerState.CREATED:
        try:
            if view is None and not lab.engine.create(name, container_body(described(RECIPES[work.kind], lab, work))):
                return True  # Another worker, which a killed hub left for a moment, was quicker; look at it again.
            lab.engine.start(name)
        except UnavailableError:
            raise
        except LabError as error:
            return _end(lab, work, WorkStep.FAIL, str(error), None)
    with lab.store.begin() as records:
        # Read again: it may have been cancelled while its container was made.
        present = records.get(Work, work.id)
        if present is not None and present.state is WorkState.STARTING:
            started = step_work(present, WorkStep.START, now=lab.now())
            records.save(started, event(f"work:{work.kind}:start", "worker", work.id, container=name))
    return True


def _end_early(lab: Lab, work: Work, step: WorkStep, reason: str) -> bool:
    lab.engine.kill(work_container(lab.settings.name, work.id))
    return _end(lab, work, step, reason, None)


def _end(lab: Lab, work: Work, step: WorkStep, reason: str, exit_code: int | None) -> bool:
    """Record the end together with what came of it, then remove the container and its folders."""
    ending = RECIPES[work.kind].finish(lab, work, step, reason)
    with lab.store.begin() as records:
        present = records.get(Work, work.id)
        if present is not None and present.state not in ENDED:
            ended = step_work(present, ending.step, now=lab.now(), reason=ending.reason, exit_code=exit_code)
            records.save(ended, event(f"work:{work.kind}:{ending.step}", "worker", work.id))
            ending.apply(records)
    lab.engine.remove(work_container(lab.settings.name, work.id))
    if ending.forget_folders:
        lab.storage.forget_work(work.id)
    return False


def _sweep(lab: Lab, views: dict[str, ContainerView], under_way: set[str]) -> None:
    """Remove containers and folders whose work has ended or is unknown: a worker was killed before it could.

    What is under way is not read again: where it ends meanwhile, the next round finds that.
    """
    others = views.keys() - under_way
    folders = [i for i in lab.storage.works() if i not in under_way]
    if not others and not folders:
        return
    with lab.store.read() as reading:
        stale = [views[i] for i in others if (w := reading.get(Work, i)) is None or w.state in ENDED]
        left = [i for i in folders if _is_over(reading, i)]
    for view in stale:
        lab.engine.kill(view.name)
        lab.engine.remove(view.name)
    for identifier in left:
        lab.storage.forget_work(identifier)


def _is_over(reading: Reading, identifier: str) -> bool:
    """Say whether nothing needs a work's folders any more; what was read is needed until it was checked."""
    work = reading.get(Work, identifier)
    if work is None or work.state not in ENDED:
        return work is None
    if work.kind is WorkKind.SCREEN_READ:
        run = reading.get(Run, work.subject)
        return run is None or run.screening is not Screening.WAITING
    if work.kind in (WorkKind.MAKE_TWIN, WorkKind.READ_TWIN):
        twin = reading.get(SyntheticTwin, work.subject)
        return twin is None or twin.state is not TwinState.MAKING
    request = reading.get(ExportRequest, work.subject) if work.kind is WorkKind.READ else None
    return request is None or request.state not in (ExportState.CHECKING, ExportState.RECHECKING)
