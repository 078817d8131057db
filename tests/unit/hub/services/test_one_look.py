"""Several looks at the records as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.domain.audit import event
from hub.domain.errors import RefusedError
from hub.domain.people import Person
from hub.services import people
from hub.services.lab import Lab
from hub.services.one_look import one_look


def rename(lab: Lab, title: str) -> None:
    with lab.store.begin() as records:
        person = records.get(Person, "researcher")
        assert person is not None
        records.save(replace(person, title=title), event("test:person:save", "test", "researcher"))


def test_one_look_sees_one_moment_though_others_write(lab: Lab) -> None:
    before = people.whoami(lab, "researcher").title
    with one_look(lab) as looking:
        people.whoami(looking, "researcher")
        rename(lab, "Another title")
        assert people.whoami(looking, "researcher").title == before
    assert people.whoami(lab, "researcher").title == "Another title"


def test_who_writes_in_a_look_sees_what_was_written(lab: Lab) -> None:
    with one_look(lab) as looking:
        people.whoami(looking, "researcher")
        rename(looking, "Written here")
        assert people.whoami(looking, "researcher").title == "Written here"


def test_a_look_ends_with_its_block_also_where_something_is_refused(lab: Lab) -> None:
    with pytest.raises(RefusedError), one_look(lab) as looking:
        people.whoami(looking, "stranger")
    rename(lab, "Nothing holds the database")
    with one_look(lab) as looking:
        assert people.whoami(looking, "researcher").title == "Nothing holds the database"
