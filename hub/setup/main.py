"""The commands of set-up: each is a few lanes of steps."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from hub.setup import (
    accounts,
    base_image,
    bytecode,
    clean,
    engine,
    environment,
    image,
    installer,
    lab_files,
    lock,
    node,
    own_kernel,
    packages,
    stock_image,
)
from hub.setup.engine_api import Engine, EngineError
from hub.setup.packages import Need
from hub.setup.places import Places, here
from hub.setup.steps import Lane, SetupError, Step, say, take_all


def needs(places: Places, *, tests: bool) -> list[Need]:
    """What must come from Debian packages for the lab, and for its tests."""
    wanted = [packages.DISKS, packages.CHECKED_IMAGES, packages.NODE]
    if not installer.is_done(places):
        wanted.append(packages.VENV)
    if not engine.answers():
        wanted += [packages.ENGINE, packages.APPARMOR_PARSER]
    if not base_image.named():
        wanted += [packages.BOOTSTRAP, packages.USER_IDS]
    return wanted + (
        [packages.BROWSER, packages.POSTGRES, packages.UNITS, packages.GVISOR, packages.OWN_KERNEL] if tests else []
    )


def machine_steps(places: Places, *, tests: bool = False) -> Lane:
    """Debian packages and a running engine."""
    wanted = needs(places, tests=tests)
    lacking = ", ".join(need.what for need in packages.missing(wanted))
    install = partial(packages.install, wanted, places)
    return [
        Step("packages", f"installing {lacking}", lambda: not packages.missing(wanted), install),
        Step("engine", "starting the Docker engine", engine.answers, partial(engine.start, places)),
        Step(
            "accounts",
            "making the accounts of the lab's processes",
            partial(accounts.is_done, places),
            partial(accounts.make, places),
        ),
        Step("bytecode", "compiling the lab's code", partial(bytecode.is_done, places), partial(bytecode.make, places)),
    ]


def installer_steps(places: Places) -> Lane:
    """The pip and uv that the other steps use."""
    return [
        Step(
            "installer", "installing pip and uv", partial(installer.is_done, places), partial(installer.install, places)
        )
    ]


def environment_step(places: Places, name: str, wanted: environment.Environment) -> Step:
    """One Python environment."""
    doing = f"installing {wanted.lock.name} into {wanted.folder.name}"
    return Step(name, doing, partial(environment.is_done, wanted), partial(environment.install, wanted, places))


def environment_steps(places: Places, *, tests: bool = False) -> Lane:
    """The lab's environment, the identity provider's, and the proxy; for tests the oracle's, too."""
    lab = environment.development(places) if tests else environment.lab(places)
    beside = [environment_step(places, "oracle", environment.oracle(places))] if tests else []
    if tests:
        kernel = partial(own_kernel.is_done, places), partial(own_kernel.make, places)
        beside.append(Step("own kernel", "fetching Debian's kernel for tests of what this one lacks", *kernel))
    return [
        environment_step(places, "environment", lab),
        environment_step(places, "identity", environment.identity(places)),
        Step(
            "proxy", "installing configurable-http-proxy", partial(node.is_done, places), partial(node.install, places)
        ),
        *beside,
    ]


def image_steps(places: Places) -> Lane:
    """The base image, the Python packages on it, and the lab's own code on these."""
    api = Engine(engine.address())
    made_from = f"fetching {foreign}" if (foreign := base_image.named()) else "making it from Debian packages"

    def step(
        name: str, doing: str, is_done: Callable[[Engine, Places], bool], do: Callable[[Engine, Places], None]
    ) -> Step:
        return Step(name, doing, partial(is_done, api, places), partial(do, api, places))

    return [
        step("base image", made_from, base_image.is_done, base_image.make),
        step(
            "environment image", "building it from verified wheels", image.environment_is_done, image.make_environment
        ),
        step("lab files", "copying JupyterLab's own files", lab_files.is_done, lab_files.make),
        step("workspace image", "adding the lab's own code", image.workspace_is_done, image.make_workspace),
    ]


def everything(places: Places, *, tests: bool) -> list[SetupError]:
    """Sets up all: the machine first, then environments and images side by side."""
    return (
        take_all([machine_steps(places, tests=tests)])
        or take_all([installer_steps(places)])
        or take_all([environment_steps(places, tests=tests), image_steps(places)])
    )


def everything_measured(places: Places) -> list[SetupError]:
    """Sets up all that the lab needs, and the image and the environment that it is measured against."""
    api = Engine(engine.address())
    done, make = partial(stock_image.is_done, api, places), partial(stock_image.make, api, places)
    step = Step("stock image", "building what workspaces are measured against", done, make)
    return everything(places, tests=False) or take_all(
        [[step], [environment_step(places, "oracle", environment.oracle(places))]]
    )


def images_alone(places: Places) -> list[SetupError]:
    """Sets up the images, with the installer that they need."""
    return take_all([[*installer_steps(places), *image_steps(places)]])


def tools_alone(places: Places) -> list[SetupError]:
    """Sets up the environment with the tools for checks, and nothing that checks do not need."""
    step = environment_step(places, "environment", environment.development(places))
    return take_all([[*installer_steps(places), step]])


def locks_alone(places: Places) -> list[SetupError]:
    """Makes the locks again."""
    return take_all([installer_steps(places)]) or _one(partial(lock.make_all, places))


def _one(action: Callable[[], None]) -> list[SetupError]:
    try:
        action()
    except SetupError as error:
        return [error]
    return []


Command = Callable[[Places], list[SetupError]]

COMMANDS: dict[str, tuple[str, Command]] = {
    "lab": ("all that the lab needs", lambda places: everything(places, tests=False)),
    "tests": ("all that the lab and its tests need", lambda places: everything(places, tests=True)),
    "bench": ("all that the lab and its measurements need", everything_measured),
    "checks": ("the environment with the tools for checks alone", tools_alone),
    "image": ("the images alone", images_alone),
    "engine": ("the Docker engine alone", lambda places: take_all([machine_steps(places)])),
    "lock": ("the locks, again", locks_alone),
    "clean": ("removes environments, caches and images", lambda places: _one(partial(clean.clean, places))),
}


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Keeps a second set-up of the same folder waiting."""
    places.cache.mkdir(exist_ok=True)
    with (places.cache / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("set-up", "waiting for another set-up to end …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str]) -> int:
    """Runs one command; says what failed, with the command that mends it, on standard error."""
    parser = argparse.ArgumentParser(prog="python3 -m hub.setup", description="Sets up what the lab needs.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (text, _) in COMMANDS.items():
        commands.add_parser(name, help=text)
    os.umask(0o022)  # The lab's processes, which have accounts of their own, read what is made here.
    places = here()
    command = COMMANDS[parser.parse_args(arguments).command][1]
    code = 0
    for fault in faults_of(command, places):
        sys.stderr.write(f"\n{fault.sentence}\nTo mend it: {fault.mend}\n")
        code = 1
    return code


def faults_of(command: Command, places: Places) -> list[SetupError]:
    """Runs a command alone in its folder; whatever the machine refuses becomes a sentence."""
    try:
        with alone(places):
            return command(places)
    except KeyboardInterrupt:
        return [SetupError("Set-up was interrupted.", "make setup, which goes on where it stopped")]
    except EngineError as error:
        return [SetupError(f"The Docker engine refused: {error}.", "make setup, which starts it; docker info")]
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return [SetupError(f"Set-up cannot use {error.filename}: {reason}.", "df -h . && ls -ld .")]
