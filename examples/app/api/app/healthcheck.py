"""python -m app.healthcheck [path]: exits with 0 if this container answers with 200, else with 1 and the reason."""

import http.client
import os
import sys

TIMEOUT_SECONDS = 4


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "/health"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(500).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{path}: {error}")
    if response.status != 200:
        sys.exit(f"{path}: {response.status} {body}")


if __name__ == "__main__":
    main()
