"""The page that says what was attacked and what came of it, made from the report of a run of the tests.

``python tests/attacks/page.py`` writes ``docs/reference/attacks.md`` from ``test-results/pytest.xml``, which
``make test`` leaves; a test fails when the page does not list the attacks that there are. A test's name is the fact
that it shows, so the names are the rows.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "test-results/pytest.xml"
PAGE = ROOT / "docs/reference/attacks.md"
MODEL = ROOT / "docs/explanation/security-model.md"

HEAD = """# What was attacked, and what came of it

This page is made from a run of all tests by `python tests/attacks/page.py`; a test fails when it does not list the
attacks that there are. Each row is one test in `tests/attacks`, and says what it shows. “Held” means that all its cases
ended as the row says. A row with “in a weak container”, or one that says that something succeeds, is the same attack
where the protection was taken away on purpose: it shows that the attack is real. What stays open has a section of its
own, at the end.
"""
ABOUT = {
    "Accounts": "Bears on P3, P7 and P9: what a process of the lab that was taken over may read, write and become.",
    "Doctor": "Shows that what `datalab doctor` tries of P1 to P4 can fail: its attempts work where the lab is weak.",
    "Doctor engine gate": "Shows the same of what the doctor tries of the engine gate, which P1 to P3 rest on.",
    "Engine gate": "P1 to P3 rest on it: whoever takes over hub or worker makes the lab's containers and no other.",
    "Engine gate door": "Bears on P9 and on the same: a taken-over process takes no other's place, and no call is two.",
    "Verb places": "Bears on P9: a process that was taken over does not hold up the others.",
    "Verbs": "P2 and P3 rest on it: whoever takes over hub, portal or worker gets what has a name, and no path.",
}
"""What the attacks are about that are on no single promise, by the name of their section."""
OPEN_HEAD = """
## What stays open

Each row is a test that shows a channel that is *not* closed; “open” means that it is as open as the row says.

| what is open | cases | outcome |
| --- | ---: | --- |
"""
OPEN_REST = """
No test closes these either; the [security model](../explanation/security-model.md#what-is-not-promised) says more:

"""
OPEN = {
    "what a person sees on a screen": "can copy it by eye",
    "WebRTC, preconnect and DNS prefetch in the browser": "preconnect and DNS prefetch",
    "locks on anonymous inodes, on a kernel that two projects share": "locks on anonymous inodes",
    "timing, and totals of the machine, on a kernel that two projects share": "totals of the machine",
}
"""What stays open, and the words by which the security model says it."""
OPEN_CHANNEL = "open-channel"
"""The property of a test that shows an open channel."""

MEASURED = """
## What was measured in that run

On a machine with two cores that ran all tests.

| what | value |
| --- | --- |
"""
FAULTS = """
## What survives a fault, how long it takes, and what is left behind

As measured in that run, until all of the lab answered again; what is left behind is looked for when it does, and is
gone within a minute. Accepted is what the lab had said yes to: files, requests, runs, votes, entries of the log.

| fault | survives | seconds | left behind |
| --- | --- | ---: | --- |
"""
FAULT = ("fault", "survives", "seconds", "left-behind")
PROMISE = re.compile(r"^\| (P\d) \| (.*?) \|", re.MULTILINE)
MODULE = re.compile(r"test_(?:p(\d)_)?(\w+)")


@dataclass
class Attack:
    """One test of the attacks: how many cases it had, and how they ended."""

    module: str
    name: str
    cases: int = 0
    outcomes: set[str] = field(default_factory=set)

    @property
    def outcome(self) -> str:
        """The worst of its cases."""
        return next((word for word in ("broken", "open", "not tried") if word in self.outcomes), "held")

    @property
    def sentence(self) -> str:
        """The fact that its name states."""
        words = self.name.removeprefix("test_").replace("_", " ")
        return words[0].upper() + words[1:]


def attacks_of(report: ElementTree.Element) -> list[Attack]:
    """Return every attack that a report tells of, in the order of modules and of the run."""
    found: dict[tuple[str, str], Attack] = {}
    for case in report.iter("testcase"):
        module = case.get("classname", "").split(".")[-1]
        if ".attacks." not in f".{case.get('classname', '')}":
            continue
        name = case.get("name", "").partition("[")[0]
        attack = found.setdefault((module, name), Attack(module, name))
        attack.cases += 1
        attack.outcomes.add(_outcome(case))
    return sorted(found.values(), key=lambda attack: attack.module)


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "broken"
    skipped = case.find("skipped")
    if skipped is None:
        return "open" if any(p.get("name") == OPEN_CHANNEL for p in case.iter("property")) else "held"
    return "open" if skipped.get("type") == "pytest.xfail" else "not tried"


def measured_of(report: ElementTree.Element) -> list[tuple[str, str]]:
    """Return what tests measured: the properties of the whole report, and those of its cases, with the case's words."""
    found = [(place, "") for place in report.iterfind(".//testsuite/properties")]
    for case in report.iter("testcase"):
        words = case.get("name", "").partition("[")[2].rstrip("]")
        found += [(place, f"{words}: " if words else "") for place in case.iterfind("properties")]
    told = [(about, p.get("name", ""), p.get("value", "")) for place, about in found for p in place]
    # Tools write properties, too, under names that hold the test's path.
    kept = [one for one in told if re.fullmatch(r"[a-z_-]+", one[1]) and one[1] not in (*FAULT, OPEN_CHANNEL)]
    return sorted((re.sub("[-_]", " ", about + name), value) for about, name, value in kept)


def faults_of(report: ElementTree.Element) -> list[tuple[str, ...]]:
    """Return what tests of faults told, a row for each."""
    found = [{p.get("name"): p.get("value", "") for p in case.iter("property")} for case in report.iter("testcase")]
    return [tuple(told[name] for name in FAULT) for told in found if "fault" in told]


def page(report: ElementTree.Element, model: str) -> str:
    """Return the page's text."""
    promises = dict(PROMISE.findall(model))
    groups: defaultdict[str, list[Attack]] = defaultdict(list)
    attacks = attacks_of(report)
    for attack in attacks:
        if attack.outcome != "open":
            groups[group_of(attack.module)].append(attack)
    parts = [HEAD, *(_section(name, promises.get(name, ""), groups[name]) for name in sorted(groups))]
    rest = "".join(f"* {what}\n" for what in OPEN)
    parts.append(OPEN_HEAD + _rows([a for a in attacks if a.outcome == "open"]) + OPEN_REST + rest)
    faults = faults_of(report)
    if faults:
        parts.append(FAULTS + "".join(f"| {' | '.join(row)} |\n" for row in faults))
    measured = measured_of(report)
    if measured:
        parts.append(MEASURED + "".join(f"| {name} | {value} |\n" for name, value in measured))
    return "".join(parts)


def group_of(module: str) -> str:
    """The promise that a module attacks, or the module's own words where it is about none of them alone."""
    match = MODULE.fullmatch(module)
    if match is None:
        return module
    return f"P{match[1]}" if match[1] else match[2].replace("_", " ").capitalize()


def _section(name: str, promise: str, attacks: list[Attack]) -> str:
    title = f"{name} · {promise}" if promise else name
    count = f"{len(attacks)} attacks, {sum(attack.cases for attack in attacks)} cases."
    about = f"{ABOUT[name]}\n\n" if name in ABOUT else ""
    return f"\n## {title}\n\n{about}{count}\n\n| attack | cases | outcome |\n| --- | ---: | --- |\n{_rows(attacks)}"


def _rows(attacks: list[Attack]) -> str:
    return "".join(f"| {a.sentence} | {a.cases} | {a.outcome} |\n" for a in attacks)


def attacks_there_are(folder: Path) -> Iterator[str]:
    """Yield the sentence of every test in the modules of a folder."""
    for path in sorted(folder.glob("test_*.py")):
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            yield Attack(path.stem, name).sentence


def main() -> int:
    """Write the page; 1 where there is no report of a whole run."""
    if not REPORT.exists():
        sys.stderr.write("There is no test-results/pytest.xml; run “make test” first.\n")
        return 1
    report = ElementTree.parse(REPORT).getroot()
    told = {attack.sentence for attack in attacks_of(report)}
    missing = set(attacks_there_are(Path(__file__).parent)) - told
    if missing:
        sys.stderr.write(f"The report tells nothing of {len(missing)} attacks; run the whole of “make test” first.\n")
        return 1
    PAGE.write_text(page(report, MODEL.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
