"""The page of attacks lists those that there are, and tells no better outcome than the run had."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from attacks.page import (
    ABOUT,
    OPEN,
    OPEN_CHANNEL,
    PAGE,
    attacks_of,
    attacks_there_are,
    faults_of,
    group_of,
    measured_of,
    page,
)
from attacks.page import (
    MODEL as MODEL_PAGE,
)

MODEL = "| P1 | Nothing leaves | by | `tests/x` |\n"


def report(*cases: str) -> ElementTree.Element:
    inner = "".join(cases)
    return ElementTree.fromstring(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")


def case(name: str, module: str = "test_p1_no_network", inside: str = "") -> str:
    return f'<testcase classname="tests.attacks.{module}" name="{name}">{inside}</testcase>'


def test_the_committed_page_lists_every_attack_and_no_other() -> None:
    """Where this fails: run “make test”, then “python tests/attacks/page.py”."""
    listed = re.findall(r"^\| (.+?) \| \d+ \| (?:held|open|not tried) \|$", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(attacks_there_are(PAGE.parents[2] / "tests/attacks"))


def test_cases_of_one_attack_are_one_row_under_their_promise() -> None:
    text = page(report(case("test_no_name_is_resolved[run]"), case("test_no_name_is_resolved[reader]")), MODEL)
    assert "## P1 · Nothing leaves\n\n1 attacks, 2 cases." in text
    assert "| No name is resolved | 2 | held |" in text


@pytest.mark.parametrize(
    ("inside", "outcome"),
    [
        ("<failure/>", "broken"),
        ("<error/>", "broken"),
        ('<skipped type="pytest.xfail"/>', "open"),
        ('<skipped type="pytest.skip"/>', "not tried"),
    ],
)
def test_one_bad_case_is_the_attacks_outcome(inside: str, outcome: str) -> None:
    (attack,) = attacks_of(report(case("test_a[1]"), case("test_a[2]", inside=inside), case("test_a[3]")))
    assert (attack.cases, attack.outcome) == (3, outcome)


def test_tests_that_are_no_attacks_are_not_listed() -> None:
    assert attacks_of(report('<testcase classname="tests.unit.test_x" name="test_y"/>')) == []


def test_an_attack_on_no_single_promise_has_its_own_heading() -> None:
    assert "## Engine gate\n" in page(report(case("test_a", "test_engine_gate")), MODEL)


def test_what_survives_a_fault_is_a_row_of_its_own_and_no_measurement() -> None:
    told = {"fault": "hub killed", "survives": "all", "seconds": "2.1", "left-behind": "nothing"}
    inner = "".join(f'<property name="{name}" value="{value}"/>' for name, value in told.items())
    body = report(case("test_a[hub]", "test_p9_kills", f"<properties>{inner}</properties>"))
    assert faults_of(body) == [("hub killed", "all", "2.1", "nothing")]
    assert "| hub killed | all | 2.1 | nothing |" in page(body, MODEL)
    assert measured_of(body) == []


def test_what_was_measured_is_told_and_of_which_case() -> None:
    tool = '<property name="a-tool-tests/unit/test_x.py::test_y" value="words"/>'
    whole = f'<properties>{tool}<property name="hub-back-after-seconds" value="3.3"/></properties>'
    own = '<properties><property name="longest_answer_ms" value="27"/></properties>'
    alone = '<properties><property name="stranger-gone-after-seconds" value="16.1"/></properties>'
    body = report(whole, case("test_a_flood[memory]", inside=own), case("test_a_stranger_goes", inside=alone))
    assert measured_of(body) == [
        ("hub back after seconds", "3.3"),
        ("memory: longest answer ms", "27"),
        ("stranger gone after seconds", "16.1"),
    ]
    assert "| hub back after seconds | 3.3 |" in page(body, MODEL)


def test_a_channel_that_is_open_stands_as_open_and_under_no_promise() -> None:
    inner = f'<properties><property name="{OPEN_CHANNEL}" value="test_it_stays_open"/></properties>'
    body = report(case("test_it_stays_open", inside=inner), case("test_another"))
    promises, _, rest = page(body, MODEL).partition("## What stays open")
    assert "| It stays open | 1 | open |" in rest
    assert "It stays open" not in promises
    assert "| Another | 1 | held |" in promises
    assert measured_of(body) == []


def test_what_stays_open_is_what_the_security_model_says() -> None:
    model = " ".join(MODEL_PAGE.read_text(encoding="utf-8").split())
    assert [words for words in OPEN.values() if words not in model] == []


def test_every_section_under_no_promise_says_which_ones_it_is_about() -> None:
    groups = {group_of(path.stem) for path in (PAGE.parents[2] / "tests/attacks").glob("test_*.py")}
    assert {group for group in groups if not re.fullmatch(r"P\d", group)} == set(ABOUT)
    assert [group for group, about in ABOUT.items() if not re.search(r"\bP\d\b", about)] == []
