"""python -m app.healthcheck [path]: exits with 0 if this container answers with 200, else with 1 and the reason.

It runs every few seconds in every container for as long as that lives: over a socket, since loading http.client takes
longer than all the rest.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 4


def ask(path: str) -> tuple[int, str]:
    """Status and body of the answer."""
    address = ("127.0.0.1", int(os.environ.get("PORT") or 8000))
    with socket.create_connection(address, TIMEOUT_SECONDS) as connection:
        # 1.0: the server closes the connection when the answer is out.
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            answer = stream.read(4000)
    head, _, body = answer.partition(b"\r\n\r\n")
    fields = head.split(b" ", 2)
    if len(fields) < 2 or not fields[1].isdigit():
        raise OSError(f"no answer of HTTP: {answer[:100]!r}")
    return int(fields[1]), body[:500].decode("utf-8", "replace")


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "/health"
    try:
        status, body = ask(path)
    except OSError as error:
        sys.exit(f"{path}: {error}")
    if status != 200:
        sys.exit(f"{path}: {status} {body}")


if __name__ == "__main__":
    main()
