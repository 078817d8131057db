"""JupyterLab's page in Chromium, through the lab and plain: until it can be worked with, and what is loaded for it.

Both are JupyterLab's own server in a container, with the same image and behind the same proxy. The lab's has the
gateway before it, which answers for JupyterLab's files from its own packed copy, its first parts in one file, at one
address for all; plain is what one has from `jupyter lab`, without the lab's settings. *First* is in a browser without
any past; *again* is a second page of the same browser; *another* is the first visit to another workspace, whose
address is another one. Seconds are from the address to the status bar, which comes last and is looked for at each
frame. Bytes are what came over the network, headers included, as the browser counts them.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.bench import ways
from hub.bench.rows import Goal, Of, Row
from hub.domain.errors import UnavailableError
from spawner_config.gateway.login import COOKIE, COOKIE_PATH, Session
from spawner_config.gateway.sealing import Sealer

VISITS = ("first", "again", "another")
TITLES = {
    "first": "JupyterLab's page, first visit",
    "again": "the same page again",
    "another": "the page of another workspace, first visit to it",
}
PATIENCE = 120_000
SHOWN = "() => document.querySelector('#jp-main-statusbar')?.offsetParent"
"""Asked at each frame. A locator's own wait asks less and less often, at last twice a second, which is too coarse."""
FASTER = Goal(Of.RATIO, 1)
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Visit:
    """What one page took."""

    seconds: float
    bytes: int


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Visit three pages each way, in turn; medians of the rounds after one that does not count."""
    with ways.running(folder) as led:
        tell("four servers of JupyterLab")
        with led.jupyter("one") as one, led.jupyter("two") as two, _chromium() as browser:
            cookie = Sealer(led.seal).seal(Session(token=ways.TOKEN))
            taken = []
            for number in range(rounds + 1):
                tell(f"JupyterLab's page: {f'round {number} of {rounds}' if number else 'warming up'}")
                taken.append([_tour(browser, one[way], two[way], cookie) for way in (0, 1)])
    yield from _rows(taken[1:])


def _rows(taken: Sequence[Sequence[Mapping[str, Visit]]]) -> Iterator[Row]:
    for name in VISITS:
        lab, instead = ([tours[way][name] for tours in taken] for way in (0, 1))
        seconds = [statistics.median(visit.seconds for visit in visits) for visits in (lab, instead)]
        size = [statistics.median(visit.bytes for visit in visits) / MEGABYTE for visits in (lab, instead)]
        yield Row(f"{TITLES[name]}, through the lab / plain", seconds[0], seconds[1], "s", FASTER)
        yield Row("what was loaded for it", size[0], size[1], "MiB", FASTER)


@contextmanager
def _chromium() -> Iterator[object]:
    """A browser; it brings an event loop with it, so that nothing else may want one while it runs."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        raise UnavailableError("Chromium is missing; run “make test”, which installs it.", reason="no-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def _tour(browser: object, one: str, two: str, cookie: str) -> dict[str, Visit]:
    """Visit a workspace twice and then another one, in a browser without any past."""
    context = browser.new_context()  # type: ignore[attr-defined]
    context.add_cookies([{"name": COOKIE, "value": cookie, "domain": "127.0.0.1", "path": COOKIE_PATH}])
    try:
        return {name: _visit(context, url) for name, url in zip(VISITS, (one, one, two), strict=True)}
    finally:
        context.close()


def _visit(context: object, url: str) -> Visit:
    page = context.new_page()  # type: ignore[attr-defined]
    sizes: list[float] = []
    network = context.new_cdp_session(page)  # type: ignore[attr-defined]
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.send("Network.enable")
    start = time.perf_counter()
    page.goto(f"{url}lab", timeout=PATIENCE)
    page.wait_for_function(SHOWN, timeout=PATIENCE)
    seconds = time.perf_counter() - start
    page.wait_for_load_state("networkidle")
    page.close()
    return Visit(seconds, round(sum(sizes)))
