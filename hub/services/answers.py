"""What a container of the gate answers: held against what it was given, and its files against what it says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from hub.domain.errors import InvalidError
from hub.domain.uploads import Stored
from hub.domain.work import Work
from hub.gate.exchange import CheckedFile, ShownFile, file_name
from hub.gate.sheets import split_path
from hub.services.lab import Lab

A = TypeVar("A", CheckedFile, ShownFile)
"""What is said of one file, or of one sheet of a workbook."""


def of_every_file(offered: Mapping[int, str], answers: Iterable[A]) -> list[tuple[int, A]]:
    """Return the answers with their files' numbers, in the files' order: each file has its own, and nothing else has.

    ``offered`` are the files' paths by their numbers.
    """
    given = list(answers)
    covered = {index: [answer for answer in given if answer.index == index] for index in offered}
    is_known = all(_covers(path, covered[index]) for index, path in offered.items())
    if not is_known or sum(map(len, covered.values())) != len(given):
        raise InvalidError("The container's result does not cover every file.", reason="bad-result")
    return [(index, answer) for index in offered for answer in covered[index]]


def _covers(path: str, answers: Sequence[CheckedFile | ShownFile]) -> bool:
    """A file is answered as a whole, or sheet by sheet: two or more, each under its own path."""
    if [answer.part for answer in answers] == [0]:
        return answers[0].path == path
    paths = {answer.path for answer in answers if split_path(answer.path)[0] == path}
    return len(answers) > 1 and len(paths) == len({answer.part for answer in answers} - {0}) == len(answers)


def keep_file(lab: Lab, work: Work, folder: str, answer: CheckedFile | ShownFile, said: Stored, most: int) -> None:
    """Copy a file that the container wrote into the vault; its bytes are what the answer says."""
    path = f"{folder}/{file_name(answer.index, answer.part)}"
    if lab.storage.copy_in(lab.storage.work_out(work.id), path, most) != said:
        raise disagreement()


def disagreement() -> InvalidError:
    """Return the refusal of an answer that speaks against itself or its files."""
    return InvalidError("The container's result does not agree with its files.", reason="bad-result")
