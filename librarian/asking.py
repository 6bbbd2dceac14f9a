"""How a model is asked about a function: what is tried again, how often, and what it may cost."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from librarian.answers import TOOL, Analysis, Unusable, checked, cleaned, tool
from librarian.budget import Budget
from librarian.metrics import Metrics
from librarian.prompt import TASK, message
from librarian.settings import Settings

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

MOST_ANSWER_BYTES = 1_000_000
MOST_REFUSALS = 5
"""Requests refused one after the other until it is no longer the functions' fault."""
LONGEST_PAUSE_SECONDS = 120.0
_FIRST_PAUSE_SECONDS = 0.5

log = logging.getLogger("librarian")


class Unanswered(Exception):
    """The model gave no usable answer about this function; the message says why."""


class Busy(Exception):
    """The endpoint is away or overloaded, whatever is asked; `seconds` is when to come back."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Rejected(Exception):
    """The endpoint takes no request of ours: the key, the model or the address is wrong."""


class Asker:
    """A model behind the Anthropic Messages API. Use it as a context manager."""

    def __init__(
        self,
        settings: Settings,
        budget: Budget,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._metrics = metrics
        self._sleep = sleep
        self._not_before = 0.0
        self._refusals = 0
        self._client: AsyncAnthropic | None = None

    async def __aenter__(self) -> Self:
        from anthropic import AsyncAnthropic

        self._client = AsyncAnthropic(
            # Endpoints without keys refuse an empty one.
            api_key=self._settings.api_key.get_secret_value() or "none",
            base_url=self._settings.base_url or None,
            timeout=self._settings.timeout_seconds,
            max_retries=0,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def analyse(self, function: Mapping[str, Any], source: str) -> Analysis:
        """Return what the model says of a function's source; an answer that does not hold is asked for once more.

        Raises:
            Unanswered: neither answer holds, or the request was refused as it is.
            Busy: the endpoint is away or overloaded.
            Rejected: the key or the model is wrong.
            Spent: the day's tokens are used up.
        """
        refusal = ""
        for is_last in (False, True):
            answer = await self._patiently(message(function, source, refusal))
            try:
                return checked(answer)
            except Unusable as error:
                refusal = str(error)
                if not is_last:
                    self._metrics.tried_again("answer")
        raise Unanswered(f"the model's answer does not hold: {refusal[:300]}")

    async def _patiently(self, text: str) -> Any:
        """Ask until there is an answer, with growing pauses that an overloaded endpoint may set."""
        loop = asyncio.get_running_loop()
        for attempt in range(self._settings.attempts):
            if (wait := self._not_before - loop.time()) > 0:
                await self._sleep(wait)
            try:
                answer = await self._once(text)
                self._refusals = 0
                return answer
            except _Refused as refused:
                self._refusals += 1
                if self._refusals >= MOST_REFUSALS:
                    raise Rejected(str(refused)) from refused
                raise
            except _Again as again:
                reason, told = again.reason, again.seconds
                said = str(again)
            self._metrics.tried_again(reason)
            pause = _FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.75, 1.25)
            pause = max(pause, told or 0.0)
            if pause > LONGEST_PAUSE_SECONDS:
                raise Busy(said, pause)
            if reason == "overload":
                # All who ask share the endpoint, and so the pause.
                self._not_before = max(self._not_before, loop.time() + pause)
            if attempt + 1 < self._settings.attempts and reason != "overload":
                await self._sleep(pause)
        if reason in ("timeout", "garbled"):
            raise Unanswered(said)
        raise Busy(said, pause)

    async def _once(self, text: str) -> Any:
        """Ask once, within the budget."""
        # Three characters a token are fewer than any model's vocabulary needs for code.
        asked = (len(TASK) + len(text)) // 3
        reserved = self._budget.reserve(asked + self._settings.answer_tokens)
        # A request that was given up may have cost what it said.
        used = asked
        try:
            answer = _parsed(await self._body(text))
            used = self._count(answer, text)
        except (_Again, Rejected, _Refused) as failure:
            used = asked if isinstance(failure, _Again) and failure.reason == "timeout" else 0
            raise
        finally:
            self._budget.settle(reserved, used)
            if (left := self._budget.left()) is not None:
                self._metrics.left.set(left)
        return answer

    async def _body(self, text: str) -> bytes:
        import anthropic

        assert self._client is not None
        body = bytearray()
        request: dict[str, Any] = {
            "model": self._settings.model,
            "max_tokens": self._settings.answer_tokens,
            "system": TASK,
            "messages": [{"role": "user", "content": text}],
            "tools": [tool()],
            "tool_choice": {"type": "tool", "name": TOOL, "disable_parallel_tool_use": True},
        }
        try:
            async with (
                asyncio.timeout(self._settings.timeout_seconds),
                self._client.messages.with_streaming_response.create(**request) as response,
            ):
                async for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_ANSWER_BYTES:
                        raise Unanswered(f"the answer has more than {MOST_ANSWER_BYTES:,} bytes")
        except anthropic.APIStatusError as error:
            raise _of_status(error.status_code, error.response.headers, _told(error)) from None
        except (anthropic.APITimeoutError, TimeoutError):
            raise _Again("timeout", f"no answer within {self._settings.timeout_seconds:g} s") from None
        except (anthropic.APIConnectionError, OSError) as error:
            raise _Again("connection", f"the model's endpoint cannot be reached: {error}") from error
        return bytes(body)

    def _count(self, answer: Any, text: str) -> int:
        """Count the tokens of an answer; an endpoint that does not tell is charged by length."""
        usage = answer.get("usage") if isinstance(answer, dict) else None
        usage = usage if isinstance(usage, dict) else {"input_tokens": len(text) // 3}

        def of(*names: str) -> int:
            values = [usage.get(name) for name in names]
            return sum(min(value, 10_000_000) for value in values if isinstance(value, int) and value > 0)

        read = of("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        written = of("output_tokens")
        self._metrics.used(read, written)
        return read + written


class _Refused(Unanswered):
    """The endpoint does not take this request as it is."""


class _Again(Exception):
    """A request failed in a way that passes; `seconds` is the pause that the endpoint asks for."""

    def __init__(self, reason: str, said: str, seconds: float | None = None) -> None:
        super().__init__(said)
        self.reason = reason
        self.seconds = seconds


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _Again("garbled", "the endpoint's answer is no JSON") from None


def _told(error: Any) -> str:
    # It is logged and shown, and whoever answers may not be whom we asked.
    return " ".join(cleaned(str(getattr(error, "api_message", None) or error.message)).split())[:200]


def _of_status(status: int, headers: Mapping[str, str], said: str) -> Exception:
    """Return what a status of the endpoint means."""
    if status in (401, 402, 403, 404):
        return Rejected(f"the model's endpoint answers HTTP {status}: {said}")
    if status == 429 or status >= 500 or status in (408, 409):
        reason = "overload" if status in (429, 503, 529) else "server"
        return _Again(reason, f"the model's endpoint answers HTTP {status}: {said}", _retry_after(headers))
    return _Refused(f"the model's endpoint refuses the request with HTTP {status}: {said}")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a response asks to wait, of which dates are left out."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, min(float(headers[name]) * unit, 86_400.0))
        except (KeyError, ValueError):
            continue
    return None
