"""Who takes part in the demonstration: everybody is named by role."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.people import Organisation, Person, Role

HEALTH, TRANSPORT, JOBS = "health-observatory", "transport-agency", "jobs-institute"
ADMINISTRATOR, SCIENTIST, RESEARCHER, AUDITOR = "administrator", "scientist", "researcher", "auditor"
HEALTH_STEWARD, TRANSPORT_STEWARD, JOBS_STEWARD = "health-steward", "transport-steward", "jobs-steward"
CARE, MOBILITY = "care", "mobility"

ORGANISATIONS = (
    Organisation(HEALTH, "Health observatory"),
    Organisation(TRANSPORT, "Transport agency"),
    Organisation(JOBS, "Jobs institute"),
)
PEOPLE = (
    Person(ADMINISTRATOR, "Administrator", HEALTH, (Role.ADMINISTRATOR,)),
    Person(SCIENTIST, "Data scientist", HEALTH, (Role.RESEARCHER,)),
    Person(RESEARCHER, "Lab researcher", JOBS, (Role.RESEARCHER,)),
    Person(HEALTH_STEWARD, "Steward of health data", HEALTH, (Role.STEWARD,)),
    Person(TRANSPORT_STEWARD, "Steward of transport data", TRANSPORT, (Role.STEWARD,)),
    Person(JOBS_STEWARD, "Steward of jobs data", JOBS, (Role.STEWARD,)),
    Person(AUDITOR, "Auditor", TRANSPORT, (Role.AUDITOR,)),
)
STEWARDS = {HEALTH: HEALTH_STEWARD, TRANSPORT: TRANSPORT_STEWARD, JOBS: JOBS_STEWARD}


@dataclass(frozen=True, slots=True)
class DemoProject:
    """A project, with the people beside its lead, and the datasets that their owners grant it."""

    name: str
    title: str
    purpose: str
    lead: str
    members: tuple[str, ...]
    datasets: tuple[str, ...]


PROJECTS = (
    DemoProject(
        CARE,
        "Work, wages and the use of care",
        "How working lives and insurance plans go together with the use of care",
        SCIENTIST,
        (RESEARCHER,),
        ("health", "jobs"),
    ),
    DemoProject(
        MOBILITY,
        "Delays and the weather",
        "How weather delays flights, so that travellers can be told earlier",
        RESEARCHER,
        (),
        ("transport",),
    ),
)
