"""What needs no services."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.aws_secrets import with_secrets
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


def test_redis_may_be_left_out_where_there_is_none() -> None:
    without = {**GOOD, "REDIS_URL": ""}
    assert read_settings(without, needs_redis=False).redis_url is None
    assert read_settings(GOOD, needs_redis=False).redis_url == "redis://redis:6379/0"
    with pytest.raises(SettingsError, match="REDIS_URL: cannot be used"):
        read_settings({**without, "REDIS_URL": "http://redis"}, needs_redis=False)
    with pytest.raises(SettingsError, match="REDIS_URL: is not set"):
        read_settings(without)


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


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIA/",
    "/eu-central-1/secretsmanager/aws4_request",
    "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target",
)


class SecretServer(BaseHTTPRequestHandler):
    """Answers like Secrets Manager: what an ARN ends with says how."""

    asked: list[str] = []

    def do_POST(self) -> None:
        arn = json.loads(self.rfile.read(int(self.headers["content-length"])))["SecretId"]
        self.asked.append(arn)
        assert self.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert self.headers["x-amz-security-token"] == "token"
        assert all(part in self.headers["authorization"] for part in SIGNED), self.headers["authorization"]
        name = arn.removeprefix(ARN)
        status, answer = {
            "none": (400, {"__type": "ResourceNotFoundException", "Message": "can't find the specified secret."}),
            "denied": (400, {"__type": "com.amazonaws#AccessDeniedException", "message": "not authorized"}),
            "busy": (500 if self.asked.count(arn) == 1 else 200, {"SecretString": "marker busy"}),
            "binary": (200, {"SecretBinary": "AAAA"}),
            "forbidden": (403, "<html>"),
        }.get(name, (200, {"SecretString": f"marker {name}"}))
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def at_aws() -> Iterator[dict[str, str]]:
    SecretServer.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), SecretServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token"}
    yield {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


def test_secrets_come_from_where_their_arn_says(at_aws: dict[str, str]) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:topic"
    given = {**at_aws, "TOPIC_ARN": topic, "SECRET_KEY_ARN": f"{ARN}key", "DATABASE_URL_ARN": f"{ARN}busy"}
    found = with_secrets(given)
    assert found == {**given, "SECRET_KEY": "marker key", "DATABASE_URL": "marker busy"}
    assert sorted(SecretServer.asked) == [f"{ARN}busy", f"{ARN}busy", f"{ARN}key"]
    assert with_secrets({"PORT": "1"}) == {"PORT": "1"}


def test_all_secrets_that_cannot_be_had_are_told_together(at_aws: dict[str, str]) -> None:
    names = {"A": "none", "B": "denied", "C": "binary", "D": "key", "E": "fine", "F": "forbidden"}
    arns = {f"{variable}_ARN": ARN + name for variable, name in names.items()}
    with pytest.raises(SettingsError) as caught:
        with_secrets({**at_aws, **arns, "D": "marker"})
    needs = "needs a secret that can be read"
    assert caught.value.problems == [
        f'A_ARN: is "{ARN}none"; {needs} (ResourceNotFoundException: can\'t find the specified secret.)',
        f'B_ARN: is "{ARN}denied"; {needs} (AccessDeniedException: not authorized)',
        f'C_ARN: is "{ARN}binary"; {needs} (it holds no text)',
        "D_ARN: D is set too; needs only one of the two",
        f'F_ARN: is "{ARN}forbidden"; {needs} (403: no reason given)',
    ]
    assert "marker" not in str(caught.value)


def test_a_secrets_manager_that_is_not_there_is_told_in_time(at_aws: dict[str, str]) -> None:
    start = time.monotonic()
    with pytest.raises(SettingsError, match=r"A_ARN: .*needs a secret that can be read \(ConnectionError\)"):
        with_secrets({**at_aws, "A_ARN": f"{ARN}a", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert time.monotonic() - start < 8
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"):
        with_secrets({"A_ARN": f"{ARN}a"})
