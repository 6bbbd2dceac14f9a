"""How the log looks: one line an entry, as text or as JSON, each with the request it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from api.settings import LogFormat, LogLevel

request_id: ContextVar[str] = ContextVar("request_id", default="")

_QUIET = ("mcp", "httpx", "uvicorn.access", "sse_starlette", "asyncio", "pymongo")


class TextLines(logging.Formatter):
    """`2026-01-31T12:00:00Z warning interlock.operations [request] text`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry as a line; a traceback follows on lines of its own."""
        named = request_id.get()
        mark = f" [{named}]" if named else ""
        text = _one_line(record.getMessage())
        line = f"{_time(record)} {record.levelname.lower()} {record.name}{mark} {text}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request, trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry as a JSON object."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            entry["request"] = request_id.get()
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def configure_logs(level: LogLevel, form: LogFormat) -> None:
    """Send the log of this process to standard error; standard output belongs to stdio clients."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else TextLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
