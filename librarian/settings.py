"""Every setting of the librarian: its name, default, limits and meaning, in one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from librarian.roots import EVERY_PROJECT

PUBLIC_ENDPOINT = "https://api.anthropic.com"


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names it."""


def _roots(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        if text[0] in "[{":
            raise ValueError(f"is not JSON: {error}") from error
        value = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        value = {EVERY_PROJECT: value}
    if not isinstance(value, dict):
        # What is no ValueError leaves the table of settings as it is.
        raise ValueError('must be {"project": ["directory"]} or a list of directories')  # noqa: TRY004
    return {name: [one] if isinstance(one, str) else one for name, one in value.items()}


def _directories(value: dict[str, list[Path]]) -> dict[str, list[Path]]:
    for name, directories in value.items():
        for at in directories:
            if not at.expanduser().is_absolute():
                raise ValueError(f"{str(at)!r} of {name} must be an absolute path")
            if not at.expanduser().is_dir():
                raise ValueError(f"{str(at)!r} of {name} is no directory")
    return {name: [at.expanduser() for at in directories] for name, directories in value.items()}


def _entries(value: Any) -> Any:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _endpoint(value: str) -> str:
    value = value.strip().rstrip("/").removesuffix("/v1")
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value


class Settings(BaseSettings):
    """What the librarian is told, by environment variable or in `.env` of the working directory."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    roots: Annotated[
        dict[str, list[Path]], NoDecode, BeforeValidator(_roots), AfterValidator(_directories)
    ] = Field(
        default_factory=dict,
        validation_alias="LIBRARIAN_PROJECT_ROOTS",
        description='Where source may be read: JSON `{"project": ["/directory"]}`, or a list of directories for every project. Required.',
    )
    model: str = Field(
        "",
        validation_alias="LIBRARIAN_MODEL",
        description="The model that is asked, by its endpoint's name. Required.",
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias="ANTHROPIC_API_KEY",
        description="Key of the endpoint. Required, but where ANTHROPIC_BASE_URL names one that needs none.",
    )
    base_url: Annotated[str, AfterValidator(_endpoint)] = Field(
        "",
        validation_alias="ANTHROPIC_BASE_URL",
        description=f"Endpoint that speaks the Anthropic Messages API; default {PUBLIC_ENDPOINT}.",
    )
    projects: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_entries)] = Field(
        (),
        validation_alias="LIBRARIAN_PROJECTS",
        description="Projects to work on, comma-separated; default: those that have roots.",
    )
    concurrency: int = Field(
        4, ge=1, le=32, validation_alias="LIBRARIAN_CONCURRENCY", description="Functions worked on at once."
    )
    daily_tokens: int = Field(
        2_000_000,
        ge=0,
        validation_alias="LIBRARIAN_DAILY_TOKENS",
        description="Tokens, in and out, used a day (UTC) by all librarians of this user; 0 is no limit.",
    )
    answer_tokens: int = Field(
        2_048,
        ge=256,
        le=16_384,
        validation_alias="LIBRARIAN_ANSWER_TOKENS",
        description="The most tokens of one answer.",
    )
    timeout_seconds: float = Field(
        90,
        ge=0.05,
        le=600,
        validation_alias="LIBRARIAN_TIMEOUT",
        description="Seconds to wait for one answer.",
    )
    attempts: int = Field(
        5,
        ge=1,
        le=20,
        validation_alias="LIBRARIAN_ATTEMPTS",
        description="Tries of one request to a model that is busy or away.",
    )
    poll_seconds: float = Field(
        60,
        ge=0.05,
        le=3600,
        validation_alias="LIBRARIAN_POLL_SECONDS",
        description="Seconds between looks at the queue while no event says that there is work.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        validation_alias="LIBRARIAN_METRICS_PORT",
        description="Port on loopback where Prometheus metrics are served; default: none are.",
    )
    state: Path | None = Field(
        None,
        validation_alias="LIBRARIAN_STATE",
        description="File that keeps the day's token count; default: `librarian.json` in `$XDG_STATE_HOME/interlock`.",
    )


def load(**given: Any) -> Settings:
    """Read the settings; what is given goes before the environment.

    Raises:
        SettingsError: one is wrong or missing, and which.
    """
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        names = {name: field.validation_alias for name, field in Settings.model_fields.items()}
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise SettingsError(
            f"{names.get(name, name)}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    if not settings.api_key.get_secret_value() and not settings.base_url:
        raise SettingsError("ANTHROPIC_API_KEY is not set (nor ANTHROPIC_BASE_URL, for a local model)")
    if not settings.model:
        raise SettingsError("LIBRARIAN_MODEL is not set: name the model to ask")
    if not any(settings.roots.values()):
        raise SettingsError(
            'LIBRARIAN_PROJECT_ROOTS is not set: say where source may be read, such as {"my_project": ["/code"]}'
        )
    return settings


def documented() -> list[tuple[str, str, str]]:
    """Return name, default and meaning of each setting."""
    rows = []
    for field in Settings.model_fields.values():
        default = field.get_default(call_default_factory=False)
        shown = "" if default in (None, "", (), SecretStr("")) or field.default_factory else str(default)
        rows.append((str(field.validation_alias), shown, field.description or ""))
    return rows
