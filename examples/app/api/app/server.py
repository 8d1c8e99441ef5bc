"""uvicorn, with a stop that also lets websockets live until the time to drain is over.

On SIGTERM: no new connections; idle ones are closed; requests in flight are finished, with `Connection: close` on their
answers; websockets stay until they close by themselves or DRAIN_SECONDS are over, then they are closed with code 1012
(service restart). uvicorn alone would close them at once, and does so where WEB_CONCURRENCY is more than 1.
"""

import asyncio
import socket
import time

import uvicorn

# Kept of the drain time for the application's own end.
LAST_SECONDS = 2


class DrainingServer(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) - LAST_SECONDS
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            if not self._is_websocket(connection):
                connection.shutdown()
        while any(map(self._is_websocket, self.server_state.connections)):
            if time.monotonic() >= deadline or self.force_exit:
                break
            await asyncio.sleep(0.1)
        self.config.timeout_graceful_shutdown = max(1, round(deadline - time.monotonic()))
        await super().shutdown(sockets)

    def _is_websocket(self, connection: object) -> bool:
        kind = self.config.ws_protocol_class
        return kind is not None and isinstance(connection, kind)
