"""Facts about tracebacks, names of machines and letters that pose as others, each with its harmless twin."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Severity


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
