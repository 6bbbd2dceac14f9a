"""How a response is written as JSON, whichever way it leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_escaped = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def as_text(response: Mapping[str, Any]) -> str:
    """Return a response as compact JSON that has a UTF-8 form."""
    text = _plain(response)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, echoed from the request.
        return _escaped(response)
    return text
