"""Properties of policies hold however busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("policy", deadline=None)
settings.load_profile("policy")
