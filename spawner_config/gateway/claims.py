"""The claim of a workspace that waits: told once, to the inode that was checked, within bounds.

No code of the person ran before, but nothing rests on that: what answers is not believed further than one word, and
what hangs, floods or lies costs its own person the start of a workspace.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

from hub.sandbox.claim import CLAIM_SOCKET, LONGEST, TAKEN
from spawner_config.gateway.upstream import Upstream
from spawner_config.server_folder import checked_socket

ANSWER_SECONDS = 3.0


class Claim(StrEnum):
    """What came of it."""

    TAKEN = "taken"
    SERVES = "serves"  # nobody waits there: it was claimed before
    REFUSED = "refused"  # what is there is no claim's socket, or does not answer as one does


async def claimed(upstream: Upstream, claim: bytes) -> Claim:
    """Say the claim to whoever waits on the socket, and return what came of it."""
    if len(claim) > LONGEST:
        return Claim.REFUSED
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await _said(upstream, claim)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return Claim.REFUSED
    return Claim.TAKEN if answer == TAKEN else Claim.REFUSED


async def _said(upstream: Upstream, claim: bytes) -> bytes:
    with checked_socket(upstream.folder, CLAIM_SOCKET, upstream.server.uid) as address:
        reader, writer = await asyncio.open_unix_connection(address, limit=len(TAKEN) * 2)
    try:
        writer.write(claim)
        writer.write_eof()
        await writer.drain()
        return await reader.readexactly(len(TAKEN))
    finally:
        writer.close()
