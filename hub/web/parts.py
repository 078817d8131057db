"""What every handler of the portal is given."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hub.services.lab import Lab
from hub.web.health import HealthWatch
from hub.web.languages import Language
from hub.web.live import Streams
from hub.web.metrics import Measured
from hub.web.rendering import Pages


@dataclass(frozen=True, slots=True)
class Parts:
    """The lab, the hub's login, the pages, the threads that use cases run in, and what tells of the portal."""

    lab: Lab
    hub_auth: Any
    prefix: str
    pages: Pages
    threads: ThreadPoolExecutor
    health: HealthWatch
    measured: Measured
    streams: Streams

    def render(self, template: str, language: Language, context: Mapping[str, object]) -> str:
        """Fill a page."""
        return self.pages.render(template, language, context)
