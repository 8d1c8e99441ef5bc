"""python -m app: checks the settings, then serves until SIGTERM."""

import os
import signal
import sys
import tempfile

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.faults import Faults
from app.server import DrainingServer
from app.settings import Settings, SettingsError, read_settings

# Longer than nginx keeps an idle connection to a server (60 s), so that it is nginx that closes it.
KEEP_ALIVE_SECONDS = 75


def serve(settings: Settings) -> None:
    config = uvicorn.Config(
        "app.main:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
        access_log=False,  # the proxy in front logs every request
        server_header=False,
    )
    if settings.workers == 1:
        server = DrainingServer(config)
        server.run()
        started = server.started
    else:
        # Read by prometheus_client when it is imported, in the workers.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="prometheus-")
        supervisor = Multiprocess(config, sockets=[config.bind_socket()])
        supervisor.run()
        started = all(worker.exitcode != STARTUP_FAILURE for worker in supervisor.processes)
    if not started:
        sys.exit(STARTUP_FAILURE)


def leave(*_: object) -> None:
    """uvicorn raises the signal again after its orderly stop: by then it means "done", not "killed".

    Not sys.exit, which waits for every thread, however long the query takes that it is stuck in.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
    Faults(settings).crash_if_asked()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    serve(settings)


if __name__ == "__main__":
    main()
