"""Facts about tracebacks, names of machines and letters that pose as others, each with its harmless twin."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.traces import confusables, hosts, tracebacks
from hub.gate.context import Context
from hub.gate.fragments import Fragment, TextFragment, ValueFragment
from hub.gate.kinds import Kind


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):\n  ...\n",
        '  File "<ipython-input-3>", line 12\n',
        "KeyError: 'Dupont'\n",
        "ValueError: could not convert string to float: 'abc'\n",
        "polars.exceptions.ComputeError: conversion from `str` failed for value 17\n",
        "IndexError: index 512 is out of bounds\n",
    ],
)
def test_a_traceback_blocks(gate: Any, make: Any, text: str) -> None:
    assert "tracebacks" in make.checks(gate.judge("t.txt", f"It ran.\n{text}"))


@pytest.mark.parametrize(
    "text", ["A ValueError is raised when it is empty.\n", "Error: small\n", "standard error: 0.3\n"]
)
def test_words_about_errors_do_not(gate: Any, make: Any, text: str) -> None:
    assert "tracebacks" not in make.checks(gate.judge("t.txt", text))


@pytest.mark.parametrize(
    "text", ["db-1.hospital.internal", "srv.lan", "10.1.22.3", "192.168.0.14", "172.20.1.1", "127.0.0.1"]
)
def test_a_machine_inside_a_network_blocks(gate: Any, make: Any, text: str) -> None:
    assert "hosts" in make.checks(gate.judge("t.txt", f"Read from {text} today.\n"))


@pytest.mark.parametrize(
    "text", ["version 10.1.2", "172.40.1.1 units", "www.insee.fr", "a local mean", "0.10.1.22.3.4", "Mr. Local"]
)
def test_what_resembles_one_does_not(gate: Any, make: Any, text: str) -> None:
    assert "hosts" not in make.checks(gate.judge("t.txt", f"Read {text} today.\n"))


@pytest.mark.parametrize("word", ["Pаris", "ехample"[:2] + "ample", "Νantes", "scοre"])
def test_a_word_of_two_alphabets_is_read(gate: Any, make: Any, word: str) -> None:
    assert "confusables" in make.checks(gate.judge("t.txt", f"In {word} it is.\n"), Severity.REVIEW)
    assert "confusables" in make.checks(gate.judge("t.csv", f"place,n\n{word},40\n"), Severity.REVIEW)


@pytest.mark.parametrize("word", ["Paris", "Москва", "Αθήνα", "œuvre", "naïveté", "β-carotène"])
def test_words_of_one_alphabet_are_not(gate: Any, make: Any, word: str) -> None:
    assert "confusables" not in make.checks(gate.judge("t.txt", f"In {word} it is.\n"), Severity.REVIEW)


def found(gate: Any, check: Any, said: str | Fragment) -> list[Finding] | None:
    part = TextFragment(place="!p", text=f"first\n{said}") if isinstance(said, str) else said
    return check(part, Context("t.txt", Kind.TEXT, TableContext(), gate.policy, ()))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("check", "text", "identifier", "words"),
    [
        (tracebacks, "Traceback (most recent call last)", "tracebacks", "A traceback or a message"),
        (tracebacks, 'File "a.py", line 3', "tracebacks", "A traceback or a message"),
        (tracebacks, "OSError: [Errno 2", "tracebacks", "A traceback or a message"),
        (tracebacks, "UserWarning: `x", "tracebacks", "A traceback or a message"),
        (tracebacks, "a.b.c.d.e.f.MyException: ‘x", "tracebacks", "A traceback or a message"),
        (hosts, "srv.lan", "hosts", "The name or address of a machine"),
    ],
)
def test_each_is_said_at_its_line(gate: Any, check: Any, text: str, identifier: str, words: str) -> None:
    (told,) = found(gate, check, text) or []
    assert (told.check, told.severity, told.place) == (identifier, Severity.BLOCK, "t.txt!p, line 2")
    assert told.sentence.startswith(words)
    assert found(gate, check, "plain words") is None


@pytest.mark.parametrize(
    "name", ["local", "lan", "intra", "intranet", "internal", "corp", "localdomain", "home.arpa", "LAN"]
)
def test_a_name_inside_a_network_ends_in_one_of_these(gate: Any, name: str) -> None:
    assert found(gate, hosts, f"db-1.{name}")
    assert not found(gate, hosts, f"db-1.{name}s")
    assert not found(gate, hosts, name)


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("10.0.0.1", True), ("11.0.0.1", False), ("192.168.1.1", True), ("192.169.1.1", False), ("172.16.0.1", True),
        ("172.15.0.1", False), ("172.29.0.1", True), ("172.31.0.1", True), ("172.32.0.1", False), ("127.0.0.1", True),
        ("127.0.1.1", False),
    ],
)  # fmt: skip
def test_an_address_inside_a_network_is_one_of_these(gate: Any, address: str, is_inside: bool) -> None:
    assert bool(found(gate, hosts, f"see {address} there")) is is_inside


@pytest.mark.parametrize("word", ["aж", "aλ", "aա", "aꭰ"])
def test_a_word_that_mixes_alphabets_is_said_at_its_line(gate: Any, word: str) -> None:
    """Cyrillic, Greek, Armenian and Cherokee, in letters that pose as none themselves."""
    (told,) = found(gate, confusables, f"é {word}") or []
    assert (told.check, told.severity, told.place) == ("confusables", Severity.REVIEW, "t.txt!p, line 2")


def test_alphabets_that_do_not_pose_may_stand_in_one_word(gate: Any) -> None:
    assert found(gate, confusables, "a東京") is None
    assert found(gate, confusables, "жж") is None


def test_a_letter_that_poses_alone_is_said_without_a_line(gate: Any) -> None:
    """One letter is no word, and says its place by all that stands there."""
    (told,) = found(gate, confusables, "a １ b") or []
    assert (told.check, told.place) == ("confusables", "t.txt!p")
    (told,) = found(gate, confusables, ValueFragment(place="!v", value=["Pаris"])) or []
    assert told.place == "t.txt!v"
