"""A file's card as the checking container writes it; strict and bounded on both sides."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart, Vocabulary
from hub.gate.fragments import LONGEST_PATH, MOST_LEFT_OUT, LeftOut, Part

MOST_VOCABULARIES = 50
"""Lists of words that a card tells of."""

Name = Annotated[str, Field(max_length=200)]
Path = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]
Amount = Annotated[int, Field(ge=0)]


class ModelPart(Part):
    """A model's shape; see ``hub.domain.file_cards.ModelCard``."""

    family: ModelFamily
    parameters: Amount
    arrays: Amount | None = None
    features: Amount | None = None
    classes: Amount | None = None
    leaves: Amount | None = None
    depth: Amount | None = None
    records: Amount | None = None
    smallest_leaf: Amount | None = None
    smallest_group: Amount | None = None


class VocabularyPart(Part):
    """A list of a column's words; see ``hub.domain.file_cards.Vocabulary``."""

    dataset: Name
    column: Name
    entries: Amount
    fewest: Amount


class FigureTablePart(Part):
    """The table of a figure; see ``hub.domain.file_cards.FigureTable``."""

    path: Path
    rows: Amount
    marks: Amount


class CardPart(Part):
    """A file's card; see ``hub.domain.file_cards.FileCard``."""

    model: ModelPart | None = None
    vocabularies: tuple[VocabularyPart, ...] = Field(default=(), max_length=MOST_VOCABULARIES)
    removed: tuple[LeftOut, ...] = Field(default=(), max_length=MOST_LEFT_OUT)
    table: FigureTablePart | None = None

    @classmethod
    def of(cls, card: FileCard) -> CardPart:
        """Write what the gate knows."""
        return cls.model_validate_json(json.dumps(asdict(card)))

    def value(self) -> FileCard:
        """The same as the lab's own value."""
        return FileCard(
            ModelCard(**self.model.model_dump()) if self.model else None,
            tuple(Vocabulary(**each.model_dump()) for each in self.vocabularies),
            tuple(RemovedPart(**each.model_dump()) for each in self.removed),
            FigureTable(**self.table.model_dump()) if self.table else None,
        )
