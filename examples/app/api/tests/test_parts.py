"""What needs no services."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.feature_flags import FeatureFlags
from app.settings import SettingsError, read_settings
from app.users import UserIds

GOOD = {
    "DATABASE_URL": "postgresql://me:pass-marker@db:5432/app",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": "key-marker-0123456789",
}


def problems(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings({**GOOD, **changes})
    assert "marker" not in str(caught.value)
    return caught.value.problems


def test_good_settings() -> None:
    settings = read_settings(GOOD)
    assert settings.database_url == "postgresql+psycopg://me:pass-marker@db:5432/app"
    assert (settings.port, settings.workers, settings.drain_seconds, settings.fault) == (8000, 1, 30, "none")
    assert "marker" not in repr(settings)


def test_all_problems_are_told_together() -> None:
    found = problems(DATABASE_URL="mysql://marker", REDIS_URL="", SECRET_KEY="marker", FAULT="maybe", PORT="0x50")
    assert [line.partition(":")[0] for line in found] == ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PORT", "FAULT"]
    assert found[4] == 'FAULT: is "maybe"; needs one of none, crash, never-ready, errors, slow, leak'
    assert found[3] == 'PORT: is "0x50"; needs a whole number from 1 to 65535'


@pytest.mark.parametrize("url", ["postgresql://", "postgresql:/marker", "postgresql://marker:pw@h:port/x", "marker"])
def test_a_bad_url_is_not_shown(url: str) -> None:
    assert problems(DATABASE_URL=url)[0].startswith("DATABASE_URL: cannot be used (value not shown); needs a URL")


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("  from-a-file-0123456789\n")
    settings = read_settings({**GOOD, "SECRET_KEY": "", "SECRET_KEY_FILE": str(file)})
    assert settings.secret_key == "from-a-file-0123456789"
    assert problems(SECRET_KEY_FILE=str(file)) == ["SECRET_KEY: SECRET_KEY_FILE is set too; needs only one of the two"]
    file.write_text("\n")
    assert "not empty" in problems(SECRET_KEY="", SECRET_KEY_FILE=str(file))[0]
    assert "No such file" in problems(REDIS_URL="", REDIS_URL_FILE=str(tmp_path / "none"))[0]


def test_user_ids_cannot_be_made_up() -> None:
    ids = UserIds("a key")
    signed = ids.new()
    assert ids.verify(signed) == signed.partition(".")[0]
    for wrong in (None, "", "x", signed[:-1], "x" + signed, UserIds("other").new(), "ä.ö"):
        assert ids.verify(wrong) is None, wrong


class FlagServer(BaseHTTPRequestHandler):
    """Answers like PostHog: the flag `on` is on, `off` is off, and nothing else is known."""

    delay_seconds = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.delay_seconds)
        flags = {key: {"key": key, "enabled": key == "on"} for key in ("on", "off")}
        body = json.dumps({"flags": flags, "errorsWhileComputingFlags": False}).encode()
        with contextlib.suppress(BrokenPipeError):  # a client that no longer waits
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def flag_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FlagServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_flags_come_from_posthog(flag_server: str) -> None:
    flags = FeatureFlags("phc_test", flag_server)
    assert flags.is_feature_enabled("on", "user") is True
    assert flags.is_feature_enabled("off", "user", default=True) is False
    assert flags.is_feature_enabled("unknown", "user") is False
    assert flags.is_feature_enabled("unknown", "user", default=True) is True
    flags.close()


def test_flags_have_their_default_when_posthog_is_slow_gone_or_off(
    flag_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FlagServer, "delay_seconds", 4.0)
    slow = FeatureFlags("phc_test", flag_server)
    start = time.monotonic()
    assert slow.is_feature_enabled("on", "user") is False
    assert time.monotonic() - start < 3
    gone = FeatureFlags("phc_test", "http://127.0.0.1:9")
    assert gone.is_feature_enabled("on", "user", default=True) is True
    off = FeatureFlags(None, flag_server)
    assert off.is_feature_enabled("on", "user") is False
    for flags in (slow, gone, off):
        flags.close()
