"""Several looks at the records as one."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest

from hub.domain.audit import AuditEntry, event
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


def test_a_recorded_look_keeps_others_from_writing_until_it_is_recorded(lab: Lab) -> None:
    order = []
    with one_look(lab, recorded=True) as looking:
        before = people.whoami(looking, "researcher").title
        other = Thread(target=lambda: (rename(lab, "Written meanwhile"), order.append("other")))
        other.start()
        with looking.store.begin() as records:
            person = records.get(Person, "researcher")
            assert person is not None
            assert person.title == before
            records.record(event("test:person:view", "test", "researcher"))
            order.append("recorded")
        other.join(20)
        assert people.whoami(looking, "researcher").title == "Written meanwhile"
    assert order == ["recorded", "other"]


def test_a_recorded_look_that_is_refused_before_writes_nothing_and_lets_go(lab: Lab) -> None:
    last = last_of(lab)
    with pytest.raises(RefusedError), one_look(lab, recorded=True) as looking:
        people.whoami(looking, "stranger")
    with pytest.raises(RefusedError):
        view_and_fail(lab)
    assert last_of(lab) == last
    rename(lab, "Nothing holds the database")


def test_a_recorded_look_writes_twice_in_two_transactions(lab: Lab) -> None:
    with one_look(lab, recorded=True) as looking:
        people.whoami(looking, "researcher")
        rename(looking, "Once")
        rename(looking, "Twice")
        assert people.whoami(looking, "researcher").title == "Twice"
        assert people.whoami(lab, "researcher").title == "Twice"


def view_and_fail(lab: Lab) -> None:
    with one_look(lab, recorded=True) as looking:
        people.whoami(looking, "researcher")
        with looking.store.begin() as records:
            records.record(event("test:person:view", "test", "researcher"))
            people.whoami(looking, "stranger")


def last_of(lab: Lab) -> AuditEntry | None:
    with lab.store.read() as reading:
        return reading.last_audit_entry()
