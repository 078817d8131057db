"""Facts about space: one alarm, one end of it, and nothing new below the floor."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.domain.errors import UnavailableError
from hub.domain.space import Alarm, Place, PlaceName, check_room, turn_alarm

NOW, EARLIER = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
RINGING, OVER = Alarm(PlaceName.VAULT, EARLIER), Alarm(PlaceName.VAULT, EARLIER, EARLIER)


@pytest.mark.parametrize(
    ("free", "present", "turned"),
    [
        (1000, None, None),
        (999, None, Alarm(PlaceName.VAULT, NOW)),
        (999, OVER, Alarm(PlaceName.VAULT, NOW)),
        (0, RINGING, None),  # it rings already
        (1000, RINGING, None),  # at the threshold it goes on: a place that wavers does not ring again and again
        (1100, RINGING, Alarm(PlaceName.VAULT, EARLIER, NOW)),
        (1100, OVER, None),
    ],
)
def test_an_alarm_is_raised_once_and_ended_once(free: int, present: Alarm | None, turned: Alarm | None) -> None:
    assert turn_alarm(Place(PlaceName.VAULT, free), present, 1000, NOW) == turned


def test_one_place_below_the_floor_is_enough_to_take_nothing_in() -> None:
    places = [Place(PlaceName.STATE, 10**9), Place(PlaceName.VAULT, 99)]
    check_room(places, 99)
    with pytest.raises(UnavailableError, match="nothing new is taken in") as refused:
        check_room(places, 100)
    assert refused.value.reason == "short-of-space"
