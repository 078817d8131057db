"""The tables of ``lab.toml`` for requests and their review: the author's statement, and who looks at what by when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hub.settings_tables import Section


class RequesterStatement(Section):
    """What whoever asks for an export states before it goes through the gate, in the portal's languages."""

    en: Annotated[str, Field(min_length=20, max_length=2000)] = (
        "I have looked at each file. To my knowledge no person and no enterprise can be recognised from it, and it "
        "holds no more than its purpose needs."
    )
    fr: Annotated[str, Field(min_length=20, max_length=2000)] = (
        "J’ai regardé chaque fichier. À ma connaissance, aucune personne ni aucune entreprise ne peut y être reconnue, "
        "et il ne contient pas plus que ce que son but demande."
    )

    @property
    def texts(self) -> dict[str, str]:
        """The statement by the code of its language."""
        return {"en": self.en, "fr": self.fr}


class Review(Section):
    """How long a claim lasts, when a request is due soon and late, whose first votes are sealed, and who reviews."""

    claim_seconds: Annotated[int, Field(ge=60, le=24 * 3600)] = 3600
    soon_seconds: Annotated[int, Field(ge=0)] = 24 * 3600
    late_seconds: Annotated[int, Field(ge=1)] = 72 * 3600
    blind_tiers: tuple[Literal["open", "sensitive", "secret"], ...] = ()
    blind_kinds: tuple[str, ...] = ()
    other_organisation_tiers: tuple[Literal["open", "sensitive", "secret"], ...] = ()

    @property
    def claim(self) -> timedelta:
        """How long a claim lasts."""
        return timedelta(seconds=self.claim_seconds)

    @property
    def soon(self) -> timedelta:
        """After how long a request is due soon."""
        return timedelta(seconds=self.soon_seconds)

    @property
    def late(self) -> timedelta:
        """After how long a request is late."""
        return timedelta(seconds=self.late_seconds)

    @model_validator(mode="after")
    def _soon_comes_before_late(self) -> Review:
        if self.soon_seconds > self.late_seconds:
            raise ValueError("soon_seconds comes before late_seconds: it must not be larger")
        return self
