"""The part of a dataset's page that speaks of its synthetic twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hub.services import synthetic_twins
from hub.services.lab import Lab
from hub.web.api import twin_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import OfferBody
from hub.web.models.twins import TwinBody
from hub.web.pages.types import Context, Landing, Posted

DECIMAL_COMMA = re.compile(r"(\d+),(\d{1,2})")
"""An amount as it is written in French; three digits behind a comma could be thousands."""


def shown_twin(lab: Lab, actor: str, name: str) -> Context:
    """Tell of the twin that workspaces see."""
    book = synthetic_twins.twin_book(lab, actor, name)
    used = next((twin for twin in book.twins if book.in_use and twin.digest == book.in_use), None)
    return {"twins": book, "twin": used}


def make_twin(posted: Posted) -> Landing:
    """Have a twin made."""
    typed = posted.fields.one("epsilon")
    amount = DECIMAL_COMMA.fullmatch(typed)
    request = request_of(TwinBody, posted.path, {"epsilon": f"{amount[1]}.{amount[2]}" if amount else typed})
    made = api.post_twin(posted.lab, posted.actor, request)
    return Landing(("datasets", made.dataset), N_("A container makes the twin now, and another one checks it."))


def supply_twin(posted: Posted) -> Landing:
    """Supply uploads as a twin."""
    request = request_of(OfferBody, posted.path, {"uploads": posted.fields.many("upload")})
    made = api.post_supplied(posted.lab, posted.actor, request)
    return Landing(
        ("datasets", made.dataset), N_("The files were sent; a container reads the twin, and another one checks it.")
    )


TWIN_FORMS: Mapping[str, Callable[[Posted], Landing]] = {"twins": make_twin, "twins/supplied": supply_twin}
"""By the place below the dataset's address."""
