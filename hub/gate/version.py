"""The version of the gate, told by both of its programs; the one that reads files loads nothing else of the engine."""

from __future__ import annotations

ENGINE = "datalab-gate/15"
"""Version of the rules and of the canonical writers; it changes when the same file could be judged otherwise."""
