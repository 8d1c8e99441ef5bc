"""The routes. Plain functions run in worker threads, since SQLAlchemy and Redis are used synchronously."""

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, StringConstraints
from redis.exceptions import RedisError

from app import schema, users
from app.database import Item
from app.services import Services

MAX_SLOW_MS = 60_000

logger = logging.getLogger(__name__)


class NewItem(BaseModel):
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class ShownItem(BaseModel):
    id: int
    title: str
    createdAt: datetime


class Counter(BaseModel):
    model_config = ConfigDict(frozen=True)
    value: int


def shown(item: Item) -> ShownItem:
    return ShownItem(id=item.id, title=item.shown_title, createdAt=item.created_at)


def operations_router(services: Services) -> APIRouter:
    """For the machinery around the application: no faults, no users."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> JSONResponse:
        checks = await services.health.run()
        if services.faults.never_ready:
            checks["fault"] = "never-ready"
        healthy = all(result == "ok" for result in checks.values())
        body = {"status": "ok" if healthy else "unhealthy", "release": services.settings.release, "checks": checks}
        return JSONResponse(body, 200 if healthy else 503, {"cache-control": "no-store"})

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(services.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @router.websocket("/api/ws")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await websocket.send_text(await websocket.receive_text())

    return router


def api_router(services: Services) -> APIRouter:
    cache = services.cache

    def current_user(request: Request, response: Response) -> str:
        """The caller's id; a new one is handed out as a cookie, and counts as active when it comes back with it: a
        client that keeps no cookies would count as a new user with each request."""
        sent = request.headers.get(users.HEADER) or request.cookies.get(users.COOKIE)
        user_id = services.users.verify(sent)
        if user_id is not None:
            try:
                if cache:
                    cache.user_seen(user_id)
            except RedisError as error:
                logger.warning("active users not counted: %s", type(error).__name__)
            return user_id
        new = services.users.new()
        secure = request.url.scheme == "https"
        response.set_cookie(
            users.COOKIE, new, max_age=users.MAX_AGE_SECONDS, httponly=True, samesite="lax", secure=secure
        )
        return new.partition(".")[0]

    router = APIRouter(prefix="/api", dependencies=[Depends(services.faults.disturb), Depends(current_user)])

    @router.get("/items")
    def list_items(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[ShownItem]:
        return [shown(item) for item in services.database.latest_items(limit)]

    @router.post("/items", status_code=201)
    def add_item(new: NewItem) -> ShownItem:
        return shown(services.database.add_item(new.title))

    @router.get("/items/{item_id}")
    def get_item(item_id: Annotated[int, "of the item"]) -> ShownItem:
        # PostgreSQL would answer an id beyond its integers with an error instead of "not there".
        item = services.database.item(item_id) if 0 < item_id < 2**31 else None
        if item is None:
            raise HTTPException(404, f"there is no item {item_id}")
        return shown(item)

    if cache:

        @router.get("/counter")
        def get_counter() -> Counter:
            return Counter(value=cache.counter())

        @router.post("/counter")
        def increment_counter() -> Counter:
            return Counter(value=cache.increment_counter())

    @router.get("/info")
    def info(user_id: Annotated[str, Depends(current_user)]) -> dict[str, object]:
        return {
            "release": services.settings.release,
            "environment": services.settings.environment,
            "schema": schema.describe(services.database.revision()),
            "features": {"beta": services.flags.is_feature_enabled("beta", user_id)},
        }

    @router.get("/slow")
    async def slow(ms: Annotated[int, Query(ge=0, le=MAX_SLOW_MS)] = 1000) -> dict[str, int]:
        await asyncio.sleep(ms / 1000)
        return {"sleptMs": ms}

    return router
