"""The way between a browser and a kernel that has just begun: it is open as soon as the kernel is heard.

Jupyter's server asks a kernel for its state when a browser connects, and hears the answer only where its subscription
was there first; otherwise it asks again after half a second, for which half of the first connections wait. Here it asks
again sooner.
"""

from __future__ import annotations

import asyncio

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16)
"""Seconds between the questions until the server's own second one."""


class PromptConnection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]  # the image has it, and not the lab
    """The server's own connection, which asks more often in its first half second."""

    def nudge(self) -> asyncio.Future[None]:
        """Ask as ever, and beside it more often."""
        connected: asyncio.Future[None] = super().nudge()
        self._asking = asyncio.ensure_future(self._ask_until(connected))
        return connected

    async def _ask_until(self, connected: asyncio.Future[None]) -> None:
        channel = self.kernel_manager.connect_control()
        try:
            for pause in PAUSES:
                await asyncio.wait([connected], timeout=pause)
                if connected.done():
                    return
                self.session.send(channel, "kernel_info_request")
        finally:
            channel.close()
