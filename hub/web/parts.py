"""What every handler of the portal is given."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hub.services.lab import Lab
from hub.web.languages import Language
from hub.web.rendering import Pages


@dataclass(frozen=True, slots=True)
class Parts:
    """The lab, the hub's login, the pages, and the threads that use cases run in."""

    lab: Lab
    hub_auth: Any
    prefix: str
    pages: Pages
    threads: ThreadPoolExecutor

    def render(self, template: str, language: Language, context: Mapping[str, object]) -> str:
        """Fill a page."""
        return self.pages.render(template, language, context)
