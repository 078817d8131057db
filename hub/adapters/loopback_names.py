"""Names below ``.localhost`` are this machine (RFC 6761, section 6.3): browsers know it, many resolvers do not.

Only such names are taken for loopback; every other one is looked up as always.
"""

from __future__ import annotations

LOOPBACK = "127.0.0.1"


def is_loopback_name(host: str) -> bool:
    """Whether a host's name stands for this machine, whatever a resolver says."""
    return host.rstrip(".").lower().endswith(".localhost")
