"""Which texts hold a likely secret: known forms of keys, and values given to names such as `password`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from resolvers.errors import BadInput

_PLACEHOLDER = re.compile(
    r"<|>|\$|\{|\}|%|\*\*\*|\.\.\.|…|x{4,}|example|change_?me|replace|placeholder|redacted|dummy|insert|your"
    r"|^(?:pass(?:word|wd|phrase)?|pwd|secret|token|user(?:name)?|string|none|null|true|false|test|todo)\d*$",
    re.IGNORECASE,
)


def _is_placeholder(value: str) -> bool:
    return len(set(value)) < 4 or _PLACEHOLDER.search(value) is not None


def _is_mixed(value: str) -> bool:
    """Tell whether a value looks drawn at random: digits among letters of both cases."""
    return (
        any(one.isdigit() for one in value)
        and any(one.isupper() for one in value)
        and any(one.islower() for one in value)
    )


def _is_password(value: str) -> bool:
    """Tell whether a value is no plain word, name or path: those stand for a password, they are none."""
    if _is_placeholder(value) or re.fullmatch(r"[A-Za-z_ .:/()\[\]-]+|[A-Z][A-Z0-9_]+", value):
        return False
    return any(one.isdigit() or not one.isalnum() for one in value)


def _is_token(value: str) -> bool:
    has_both = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return has_both and not _is_placeholder(value)


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of secret: `hints` of which the lower-case text holds one, and the pattern of it whole.

    `holds` judges the value that the pattern's last group has caught.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda value: "EXAMPLE" not in value


def _form(
    kind: str, hints: str, pattern: str, holds: Callable[[str], bool] | None = None, flags: int = 0
) -> _Form:
    compiled = re.compile(pattern, flags)
    return (
        _Form(kind, tuple(hints.split()), compiled, holds)
        if holds
        else _Form(kind, tuple(hints.split()), compiled)
    )


_NAMED = r"(?:pass(?:word|wd|phrase)|pwd)"
_KEYED = r"(?:secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|client[_-]?secret|credential)"
_FORMS = (
    _form("a private key", "private", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _form("an AWS access key", "akia asia", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    _form(
        "an AWS secret key",
        "aws",
        r"aws.{0,20}?(?:secret|key).{0,20}?[=:]\s*[\"']?([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
        lambda value: _is_mixed(value) and "EXAMPLE" not in value,
        re.IGNORECASE,
    ),
    _form("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
          r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})"),
    _form("a GitLab token", "glpat- gldt- glrt-", r"\bgl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,255}"),
    _form("a Slack token", "xox hooks.slack",
          r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}|hooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/(\w{16,40})"),
    _form("a Google API key", "aiza", r"\bAIza[A-Za-z0-9_-]{35}"),
    _form("a Stripe key", "_live_ _test_", r"\b(?:sk|rk)_(?:live|test)_([A-Za-z0-9]{16,255})"),
    _form("an Anthropic API key", "sk-ant-", r"\bsk-ant-([A-Za-z0-9_-]{20,255})", _is_mixed),
    _form("an OpenAI API key", "sk-",
          r"\bsk-(?!ant-)(?:proj-|svcacct-|admin-)?([A-Za-z0-9_-]{20,255})", _is_mixed),
    _form("an npm token", "npm_", r"\bnpm_([A-Za-z0-9]{36})\b", _is_mixed),
    _form("a PyPI token", "pypi-ag", r"\bpypi-AgE[A-Za-z0-9_-]{50,255}"),
    _form("a Hugging Face token", "hf_", r"\bhf_([A-Za-z0-9]{34})\b", _is_mixed),
    _form("an Interlock key", "ilk_", r"\bilk_([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])", _is_mixed),
    _form("an Interlock session secret", "ses_",
          r"\bses_[0-9a-z]{24}\.([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])", _is_mixed),
    _form("a JSON web token", "eyj", r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{16,1000}"),
    _form(
        "a connection string with its password",
        "://",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,100}:([^\s@/\"']{3,200})@(?!example\.|[\w.-]{0,60}\.example)",
        lambda value: not _is_placeholder(value),
    ),
    _form(
        "a connection string with its password",
        "pwd= password=",
        r";\s*(?:pwd|password)=([^;\s\"']{3,200});",
        lambda value: not _is_placeholder(value),
        re.IGNORECASE,
    ),
    _form("a password", "password passwd passphrase pwd",
          _NAMED + r"[\"']?\s{0,5}(?:[:=]|=>|:=)\s{0,5}[\"'`]([^\"'`\s]{6,200})[\"'`]", _is_password, re.IGNORECASE),
    _form("a password", "password passwd passphrase pwd",
          _NAMED + r"[ \t]{0,5}[:=][ \t]{0,5}([^\"'`\s,;()\[\]<>{}$]{8,200})(?=\s|$)",
          lambda value: _is_password(value) and _is_token(value), re.IGNORECASE),
    _form("a secret", "secret token key credential",
          _KEYED + r"[\"']?\s{0,5}(?:[:=]|=>|:=)\s{0,5}[\"'`]([A-Za-z0-9_+/=.-]{20,500})[\"'`]", _is_mixed, re.IGNORECASE),
    _form("a secret", "secret token key credential",
          _KEYED + r"[ \t]{0,5}=[ \t]{0,5}([A-Za-z0-9_+/=-]{20,500})(?=\s|$)", _is_mixed, re.IGNORECASE),
)  # fmt: skip


def kind_of_secret(text: str) -> str | None:
    """Return what kind of secret the text likely holds, such as `an AWS access key`, or None."""
    lower = text.lower()
    for form in _FORMS:
        if not any(hint in lower for hint in form.hints):
            continue
        for match in form.pattern.finditer(text):
            value = match.group(match.lastindex or 0)
            if form.holds(value) and not _is_placeholder(value):
                return form.kind
    return None


def refuse_secrets(**texts: str) -> None:
    """Refuse the first of the texts, by field, that likely holds a secret.

    Raises:
        BadInput: it does; the message names the kind and never repeats the value.
    """
    for field, text in texts.items():
        kind = kind_of_secret(text)
        if kind is not None:
            raise BadInput(
                field,
                f"looks like it holds {kind}; nothing was stored",
                hint="Leave it out, or name where it is kept. If it is none, pass allow_secrets=true.",
            )
