"""Puts the application together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import redis.exceptions
import sqlalchemy.exc
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from app.envelope import Envelope
from app.routes import api_router, operations_router
from app.services import Services
from app.settings import Settings, read_settings

logger = logging.getLogger(__name__)


def unavailable(service: str) -> Callable[[Request, Exception], JSONResponse]:
    """A service that does not answer is 503 and one line in the log, not a page of traceback for each request."""

    def handle(request: Request, error: Exception) -> JSONResponse:
        logger.error("%s %s: %s: %s", request.method, request.url.path, service, str(error).partition("\n")[0])
        return JSONResponse({"detail": f"{service} is not available"}, 503)

    return handle


def build(settings: Settings) -> ASGIApp:
    if settings.sentry_dsn:
        # Here, since it takes a while to load.
        import sentry_sdk

        sentry_sdk.init(dsn=settings.sentry_dsn, release=settings.release, environment=settings.environment)
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.faults.start()
        yield
        await run_in_threadpool(services.close)

    app = FastAPI(
        title="Sample API",
        version=settings.release,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
        )
    for kind in (sqlalchemy.exc.OperationalError, sqlalchemy.exc.TimeoutError):
        app.add_exception_handler(kind, unavailable("postgres"))
    for kind in (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        app.add_exception_handler(kind, unavailable("redis"))
    app.include_router(operations_router(services))
    app.include_router(api_router(services))
    return Envelope(app, settings.release, services.metrics)


def create() -> ASGIApp:
    """What uvicorn calls in each worker."""
    return build(read_settings())
