"""CloudWatch in the words of Smithy's RPC v2 in CBOR, which the AWS plugin speaks and moto 5.2.5 does not: put into JSON, and
back. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

import io
import json
from datetime import UTC, datetime

import cbor2

PREFIX = "/service/GraniteServiceVersion20100801/operation/"


def spoken_as_json(app):
    """A WSGI application that hands all else on."""

    def answer(environ, start_response):
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return app(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        asked = json.dumps(cbor2.loads(body) if body else {}, default=datetime.timestamp).encode()
        said = {}
        chunks = app(
            {
                **environ,
                "PATH_INFO": "/",
                "CONTENT_TYPE": "application/x-amz-json-1.0",
                "CONTENT_LENGTH": str(len(asked)),
                "HTTP_X_AMZ_TARGET": f"GraniteServiceVersion20100801.{path.removeprefix(PREFIX)}",
                "wsgi.input": io.BytesIO(asked),
            },
            lambda status, headers, exc_info=None: said.update(status=status, headers=headers),
        )
        text = b"".join(chunks)
        told = cbor2.dumps(timed(json.loads(text)) if text.strip() else {}, datetime_as_timestamp=True)
        kept = [(key, value) for key, value in said["headers"] if key.lower() not in ("content-type", "content-length")]
        own = [
            ("Content-Type", "application/cbor"),
            ("Content-Length", str(len(told))),
            ("smithy-protocol", "rpc-v2-cbor"),
        ]
        start_response(said["status"], kept + own)
        return [told]

    return answer


def timed(value, key: str = ""):
    """JSON has numbers for moments, and null for what is not there; CBOR has moments."""
    if isinstance(value, dict):
        return {name: timed(one, name) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [timed(one, key) for one in value]
    if key.endswith(("Timestamp", "Timestamps")) and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    return value
