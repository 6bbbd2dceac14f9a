"""The bare peer of the dashboard's first paint: a page of one word, from the same server library."""

from __future__ import annotations

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Blank</title></head><body><p>Blank</p></body></html>
"""


async def page(request: Request) -> HTMLResponse:
    """Answer with the page."""
    return HTMLResponse(PAGE)


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[Route("/", page)]), port=int(os.environ["INTERLOCK_PORT"]), log_level="error"
    )
