"""Who is asking: a random id in a cookie, signed with SECRET_KEY so that nobody can make up ids.

Clients without cookies may send the same signed value in the header X-User-Id.
"""

import hashlib
import hmac
import uuid

COOKIE = "sample_user"
HEADER = "x-user-id"
MAX_AGE_SECONDS = 365 * 24 * 3600


class UserIds:
    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    def new(self) -> str:
        return self._sign(uuid.uuid4().hex)

    def verify(self, signed: str | None) -> str | None:
        """The id, if the signature is ours."""
        user_id = (signed or "").partition(".")[0]
        return user_id if signed and hmac.compare_digest(self._sign(user_id).encode(), signed.encode()) else None

    def _sign(self, user_id: str) -> str:
        return f"{user_id}.{hmac.new(self._key, user_id.encode(), hashlib.sha256).hexdigest()}"
