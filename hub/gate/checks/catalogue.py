"""Every check, in the order in which findings are shown."""

from __future__ import annotations

from hub.gate.checks.check import Check
from hub.gate.checks.differencing import DIFFERENCING
from hub.gate.checks.dominance import DOMINANCE
from hub.gate.checks.frequency import MINIMUM_FREQUENCY
from hub.gate.checks.identifiers import DIRECT_IDENTIFIERS
from hub.gate.checks.leak import ROW_LEAK
from hub.gate.checks.reading import FREE_TEXT, LEFT_BEHIND, PICTURE, REFUSAL, VALUES
from hub.gate.checks.recompute import RECOMPUTE
from hub.gate.checks.secrets import ENCODED_PAYLOAD, SECRETS
from hub.gate.checks.volume import VOLUME

CHECKS: tuple[Check, ...] = (
    REFUSAL,
    VOLUME,
    MINIMUM_FREQUENCY,
    DOMINANCE,
    DIFFERENCING,
    ROW_LEAK,
    DIRECT_IDENTIFIERS,
    SECRETS,
    ENCODED_PAYLOAD,
    RECOMPUTE,
    PICTURE,
    FREE_TEXT,
    VALUES,
    LEFT_BEHIND,
)

NAME_CHECKS: tuple[Check, ...] = (DIRECT_IDENTIFIERS, SECRETS, ENCODED_PAYLOAD)
"""Checks of a file's name, which leaves with it."""
