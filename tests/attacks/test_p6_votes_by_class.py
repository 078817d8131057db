"""Promise 6: nobody gets away with fewer votes than a class of output, a tier or a project asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from attacks.living import CONTEXT, Living, acting, schema_of
from hub.cli.client import Json, place
from hub.demo.people import ADMINISTRATOR, AUDITOR, HEALTH_STEWARD, JOBS_STEWARD, SCIENTIST, TRANSPORT_STEWARD
from hub.demo.story_stage import refused

PROJECT = "potoo"
"""A project of its own, that none of the stewards joins and whose own rules ask for more votes."""
RULES = "[votes]\ntable = 3\n"


def write_disguised() -> Any:
    """Words; a table under the name of words; a notebook of code alone; and one that printed a table."""
    import json
    import pathlib

    table = "region | people\n--- | ---\nNorth | 1200\nSouth | 1400\nEast | 1500\n"
    printed = [{"output_type": "stream", "name": "stdout", "text": table}]

    def notebook(outputs: list[Any]) -> str:
        cell = {"cell_type": "code", "metadata": {}, "source": "x = 1", "execution_count": None, "outputs": outputs}
        return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})

    for name, text in {
        "words.txt": "Nothing in here is about anybody.\n",
        "readme.txt": table,
        "code.ipynb": notebook([]),
        "printed.ipynb": notebook(printed),
    }.items():
        pathlib.Path(f"/outputs/{name}").write_text(text)
    return True


@pytest.fixture(scope="module")
def disguised(living: Living) -> str:
    """A run that left what a requester would like to be taken for milder than it is."""
    living.found_project(PROJECT)
    notebook = living.approved(acting(write_disguised), schema_of(write_disguised), project=PROJECT)
    return str(living.ended(living.start(notebook))["run"]["id"])


@contextmanager
def ruled(living: Living, text: str = RULES) -> Iterator[None]:
    """The project's own rules ask for more votes for a while."""
    path = place("projects", PROJECT, "policy")
    living.portal(HEALTH_STEWARD).put(path, {"text": text})
    try:
        yield
    finally:
        living.portal(HEALTH_STEWARD).put(path, {"text": ""})


def asked(living: Living, request: Json) -> Json:
    return dict(living.portal(AUDITOR).get(place("exports", request["id"], "votes")))


def release(living: Living, request: Json) -> Any:
    return living.portal(JOBS_STEWARD).post(place("exports", request["id"], "release"))


@pytest.mark.parametrize(
    ("path", "number", "output"),
    [
        ("words.txt", 2, "text"),
        ("code.ipynb", 2, "code"),
        ("readme.txt", 3, "table"),
        ("printed.ipynb", 3, "table"),
    ],
)
def test_a_table_under_another_name_or_form_needs_the_votes_of_a_table(
    living: Living, disguised: str, path: str, number: int, output: str
) -> None:
    with ruled(living):
        request = living.checked(disguised, path, project=PROJECT)
        told = asked(living, request)
        assert (told["number"], told["output"], told["is_current"]) == (number, output, True)
        for steward in (JOBS_STEWARD, HEALTH_STEWARD):
            voted = living.vote(steward, request)
        assert voted["state"] == ("approved" if number == 2 else "in_review")
        if number == 3:
            refused(partial(release, living, request), "not-approved")
            assert living.vote(TRANSPORT_STEWARD, request)["state"] == "approved"
        assert release(living, request)["id"] == request["id"]


@pytest.mark.parametrize("word", ["classes", "class", "beside", "kind", "votes"])
def test_no_word_of_a_requester_says_what_a_file_holds(living: Living, disguised: str, word: str) -> None:
    said = {word: ["code"]}
    body = {"project": PROJECT, "source": disguised, "context": CONTEXT}
    for files in ({"readme.txt": said}, {"readme.txt": {}}):
        tried = body | {"files": files} | ({} if files["readme.txt"] else said)
        assert living.answer(SCIENTIST, "POST", "/exports", json=tried).status_code == 422


def test_no_lead_member_or_administrator_sets_votes_and_no_steward_lowers_them(living: Living, disguised: str) -> None:
    path = place("projects", PROJECT, "policy")
    with ruled(living):
        for who in (SCIENTIST, AUDITOR):
            refused(partial(living.portal(who).put, path, {"text": "[votes]\ntable = 5\n"}), "role-missing")
        refused(partial(living.portal(ADMINISTRATOR).put, path, {"text": ""}), "role-missing")
        for steward in (HEALTH_STEWARD, JOBS_STEWARD):
            refused(partial(living.portal(steward).put, path, {"text": "[votes]\ntable = 1\n"}), "policy-weaker")
        for number in ("0", "-1", "6", "9" * 30, "true", "2.0", '"3"', "[3]"):
            for table in ("[votes]", "[parameters.votes]"):
                text = f"{table}\ntable = {number}\n"
                refused(partial(living.portal(HEALTH_STEWARD).put, path, {"text": text}), "policy-invalid")
        for text in ("[votes]\nunknown = 1\n", "votes = 1\n", "[votes]\ntable = 3\n[gate]\nvotes = 1\n"):
            refused(partial(living.portal(HEALTH_STEWARD).put, path, {"text": text}), "policy-invalid")
        request = living.checked(disguised, "readme.txt", project=PROJECT)
        assert asked(living, request)["number"] == 3
        assert asked(living, request)["layer"] == f"project:{PROJECT}"


def test_votes_of_a_stricter_policy_are_not_counted_under_a_milder_one(living: Living, disguised: str) -> None:
    with ruled(living):
        request = living.checked(disguised, "readme.txt", project=PROJECT)
        for steward in (JOBS_STEWARD, HEALTH_STEWARD):
            assert living.vote(steward, request)["state"] == "in_review"
    refused(partial(release, living, request), "not-approved")
    assert living.vote(TRANSPORT_STEWARD, request)["state"] == "approved"
    refused(partial(release, living, request), "policy-changed")
    again = living.judged(request["id"])
    assert (again["state"], again["votes"]) == ("submitted", [])


def test_a_request_that_is_split_falls_into_no_milder_class(living: Living, disguised: str) -> None:
    with ruled(living):
        whole = living.checked(disguised, "readme.txt", "words.txt", project=PROJECT)
        body = {"files": ["words.txt"], "reason": ""}
        halves = living.portal(SCIENTIST).post(place("exports", whole["id"], "split"), body)
        for half in (living.judged(half["id"]) for half in halves.values()):
            assert asked(living, half)["number"] == 3
            for steward in (JOBS_STEWARD, HEALTH_STEWARD):
                assert living.vote(steward, half)["state"] == "in_review"
            refused(partial(release, living, half), "not-approved")
