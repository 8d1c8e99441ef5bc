import importlib
import sys
import uuid
from collections.abc import Callable

import pytest
from awslambdaric.lambda_runtime_exception import FaultException
from starlette.testclient import TestClient

from tests.conftest import StartApp

CLOSED_PORT = 9  # nobody listens there


def test_items_are_written_and_read_back(start_app: StartApp) -> None:
    client = start_app()
    title = f"item {uuid.uuid4()}"
    added = client.post("/api/items", json={"title": f"  {title} "})
    assert added.status_code == 201
    assert added.json()["title"] == title
    assert client.get(f"/api/items/{added.json()['id']}").json() == added.json()
    assert client.get("/api/items", params={"limit": 1}).json() == [added.json()]


@pytest.mark.parametrize("body", [{}, {"title": "  "}, {"title": "x" * 201}, {"title": 3}])
def test_a_bad_item_is_refused(start_app: StartApp, body: dict[str, object]) -> None:
    assert start_app().post("/api/items", json=body).status_code == 422


@pytest.mark.parametrize("item_id", [0, 2**31, 10**30])
def test_an_unknown_item_is_not_found(start_app: StartApp, item_id: int) -> None:
    assert start_app().get(f"/api/items/{item_id}").status_code == 404


def test_the_counter_counts(start_app: StartApp) -> None:
    client = start_app()
    before = client.get("/api/counter").json()["value"]
    assert client.post("/api/counter").json() == {"value": before + 1}
    assert client.get("/api/counter").json() == {"value": before + 1}


def test_every_answer_names_the_release(start_app: StartApp) -> None:
    client = start_app(FAULT="errors", FAULT_ERROR_PERCENT="100")
    for path in ("/health", "/metrics", "/api/items", "/nothing/here"):
        assert client.get(path).headers["x-release"] == "r7", path


def test_health_tells_what_does_not_answer(start_app: StartApp) -> None:
    healthy = start_app().get("/health")
    assert healthy.status_code == 200
    assert healthy.json() == {"status": "ok", "release": "r7", "checks": {"postgres": "ok", "redis": "ok"}}
    client = start_app(REDIS_URL=f"redis://127.0.0.1:{CLOSED_PORT}")
    broken = client.get("/health")
    assert broken.status_code == 503
    assert broken.json()["checks"] == {"postgres": "ok", "redis": "failed"}
    assert client.get("/api/counter").status_code == 503
    assert client.get("/api/items").status_code == 200
    client = start_app(DATABASE_URL=f"postgresql://x:y@127.0.0.1:{CLOSED_PORT}/z")
    assert client.get("/health").json()["checks"] == {"postgres": "failed", "redis": "ok"}
    assert client.get("/api/items").json() == {"detail": "postgres is not available"}


def test_metrics_name_the_route_and_never_the_path(start_app: StartApp) -> None:
    client = start_app()
    client.get("/api/items/2147483000")
    client.get("/no/such/path")
    client.request("BREW", "/api/items")
    text = client.get("/metrics").text
    assert 'http_requests_total{endpoint="/api/items/{item_id}",method="GET",status="404"} 1.0' in text
    assert 'http_requests_total{endpoint="unmatched",method="GET",status="404"} 1.0' in text
    assert 'method="OTHER"' in text
    assert 'http_request_duration_seconds_count{endpoint="/api/items/{item_id}",method="GET"} 1.0' in text
    assert "2147483000" not in text and "/no/such/path" not in text and "BREW" not in text


def active_users(client: TestClient) -> int:
    lines = client.get("/metrics").text.splitlines()
    return int(float(next(line for line in lines if line.startswith("active_users ")).split()[1]))


def test_a_user_is_active_once_the_cookie_comes_back(start_app: StartApp) -> None:
    client = start_app()
    before = active_users(client)
    first = client.get("/api/counter")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert active_users(client) == before
    assert "set-cookie" not in client.get("/api/counter").headers
    client.get("/api/counter")
    assert active_users(client) == before + 1
    client.cookies.clear()
    client.get("/api/counter", headers={"x-user-id": "made-up.0123"})
    assert active_users(client) == before + 1


def test_info(start_app: StartApp) -> None:
    info = start_app(ENVIRONMENT="testing").get("/api/info").json()
    assert info["release"] == "r7" and info["environment"] == "testing"
    assert info["schema"] == {
        "head": "0002",
        "worksWith": ["0002"],
        "headAlsoServes": ["0001"],
        "revision": "0002",
        "compatible": True,
    }
    assert info["features"] == {"beta": False}


def test_slow_is_bounded(start_app: StartApp) -> None:
    client = start_app()
    assert client.get("/api/slow?ms=1").json() == {"sleptMs": 1}
    assert client.get("/api/slow?ms=60001").status_code == 422


def test_the_websocket_echoes(start_app: StartApp) -> None:
    with start_app().websocket_connect("/api/ws") as websocket:
        websocket.send_text("hello")
        assert websocket.receive_text() == "hello"


def test_fault_errors_fails_the_percentage_and_spares_health(start_app: StartApp) -> None:
    client = start_app(FAULT="errors", FAULT_ERROR_PERCENT="30")
    assert sum(client.get("/api/counter").status_code == 500 for _ in range(20)) == 6
    assert {client.get("/health").status_code for _ in range(10)} == {200}
    assert 'endpoint="/api/counter",method="GET",status="500"} 6.0' in client.get("/metrics").text


def test_fault_never_ready(start_app: StartApp) -> None:
    client = start_app(FAULT="never-ready")
    assert client.get("/health").status_code == 503
    assert client.get("/api/counter").status_code == 200


def test_cors_only_for_the_origins_in_the_settings(start_app: StartApp) -> None:
    client = start_app(CORS_ORIGINS="https://a.example, https://b.example")
    allowed = client.get("/api/counter", headers={"origin": "https://b.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://b.example"
    refused = client.get("/api/counter", headers={"origin": "https://c.example"})
    assert "access-control-allow-origin" not in refused.headers


def ask_lambda(handler: Callable[..., dict], path: str) -> dict:
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "example.org"},
        "requestContext": {"http": http, "stage": "$default"},
        "isBase64Encoded": False,
    }
    return handler(event, None)


def started_handler(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "app.lambda_handler", raising=False)
    return importlib.import_module("app.lambda_handler").handler


def test_the_lambda_handler_answers_events(services: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    handler = started_handler(services, monkeypatch)
    for _ in range(2):  # a warm function gets many events
        answer = ask_lambda(handler, "/health")
        assert answer["statusCode"] == 200
        assert '"status":"ok"' in answer["body"]


def test_the_lambda_handler_does_without_redis(services: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    del services["REDIS_URL"]
    handler = started_handler(services, monkeypatch)
    assert '"checks":{"postgres":"ok"}' in ask_lambda(handler, "/health")["body"]
    assert ask_lambda(handler, "/api/items")["statusCode"] == 200
    assert ask_lambda(handler, "/api/counter")["statusCode"] == 404
    assert "http_requests_total" in ask_lambda(handler, "/metrics")["body"]
    assert "active_users" not in ask_lambda(handler, "/metrics")["body"]


def test_the_lambda_handler_tells_bad_settings_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FaultException) as caught:
        started_handler({"SECRET_KEY": "short"}, monkeypatch)
    assert (caught.value.exception_type, caught.value.trace) == ("Function.SettingsError", None)
    assert caught.value.msg.startswith("The API cannot start, 2 settings are wrong:\n  SECRET_KEY: has 5 characters;")
