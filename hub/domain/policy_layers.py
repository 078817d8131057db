"""Layers of the policy: what the dataset's owner and the project's stewards ask for beyond the site's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LayerKind(StrEnum):
    """What a layer belongs to, in the order in which layers are laid over each other."""

    SITE = "site"
    DATASET = "dataset"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class PolicyLayer:
    """A layer as its steward wrote it: TOML that holds only what it changes."""

    id: str
    kind: LayerKind
    subject: str
    text: str
    changed_by: str
    changed: datetime


def layer_id(kind: LayerKind, subject: str) -> str:
    """A dataset and a project have one layer each."""
    return f"{kind}:{subject}"
