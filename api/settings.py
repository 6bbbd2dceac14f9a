"""Every setting of the server: its name, default, limits and meaning, in one table."""

from __future__ import annotations

import difflib
import importlib.util
import ipaddress
import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api import database_settings
from api.doors import host_names, origins
from resolvers.rules import Rules
from schema.limits import Limits
from store.databases import Database
from store.meaning.chroma_address import ChromaAddress
from store.meaning.embedder import NAMES as EMBEDDERS
from store.mongo.address import MongoAddress

CLIENT_VARIABLES = frozenset({"INTERLOCK_URL", "INTERLOCK_API_KEY", "INTERLOCK_KEY"})
"""Names of the same family that clients read, not the server."""

_LONGEST_DATABASE_NAME = 63
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(Exception):
    """A setting is wrong; the message is one line that names it."""


class LogLevel(StrEnum):
    """The least severe of what is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


def _default_data() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    root = Path(home) if home and Path(home).is_absolute() else Path.home() / ".local" / "share"
    return root / "interlock"


def _absolute(value: Path) -> Path:
    try:
        return value.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("there is no such home directory; write the path in full") from error


def _entries(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(entry.strip() for entry in value.split(",") if entry.strip())
    return value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _reachable(value: str) -> str:
    scheme, sign, _ = value.partition("://")
    if not sign or scheme not in ("memory", "redis", "rediss"):
        raise ValueError("must begin with memory://, redis:// or rediss://")
    if scheme != "memory" and importlib.util.find_spec("redis") is None:
        raise ValueError("needs the redis extra: pip install 'interlock[redis]'")
    if scheme != "memory" and not _names_a_host(value):
        raise ValueError(
            "is not well formed: it is redis://host:6379 or redis://user:password@host:6379, "
            "in the password / is %2F, # is %23, ? is %3F and @ is %40"
        )
    return value


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _mongo_url(value: str) -> str:
    if value and not value.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("must begin with mongodb:// or mongodb+srv://")
    return value


def _database_name(value: str) -> str:
    if not value or len(value.encode()) > _LONGEST_DATABASE_NAME or set(value) & set('/\\. "$*<>:|?\0'):
        raise ValueError('must be 1 to 63 characters, none of / \\ . " $ * < > : | ? nor a space')
    return value


def _embedder(value: str) -> str:
    name = value.strip()
    if name.lower() in EMBEDDERS:
        return name.lower()
    if name.startswith(("http://", "https://")):
        return name
    folder = _absolute(Path(name)) if name.startswith("~") else Path(name)
    if not folder.is_absolute():
        raise ValueError(f"must be {', '.join(EMBEDDERS)}, the path of a folder, or a URL")
    return str(folder)


Entries = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_entries)]


class Settings(BaseSettings):
    """What a deployment may set, by environment variable or in `.env` of the working directory."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    data: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_default_data,
        validation_alias="INTERLOCK_DATA",
        description="Directory of the embedded store. One server at a time serves it.",
    )
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        validation_alias="INTERLOCK_HOST",
        description="Address to listen on. Outside loopback, authentication must be on.",
    )
    port: int = Field(
        8080, ge=0, le=65535, validation_alias="INTERLOCK_PORT", description="Port to listen on; 0 picks one."
    )
    auth_enabled: bool = Field(
        False,
        validation_alias="MCP_AUTH_ENABLED",
        description="Whether requests need an API key. When off, every caller is the local owner.",
    )
    allow_open: bool = Field(
        False,
        validation_alias="INTERLOCK_ALLOW_OPEN",
        description="Listen outside loopback although authentication is off: whoever reaches the port owns all.",
    )
    allowed_hosts: Annotated[Entries, AfterValidator(host_names)] = Field(
        (),
        validation_alias="INTERLOCK_ALLOWED_HOSTS",
        description="Names by which clients may reach the server beside loopback ones, comma-separated; `*` is any.",
    )
    allowed_origins: Annotated[Entries, AfterValidator(origins)] = Field(
        (),
        validation_alias="INTERLOCK_ALLOWED_ORIGINS",
        description="Origins of web pages, beside the server's own, that may call it, comma-separated.",
    )
    broadcast_url: Annotated[str, AfterValidator(_reachable)] = Field(
        "memory://",
        validation_alias="BROADCAST_URL",
        description="How server processes wake each other: `memory://` for one process, `redis://host:6379` for several; "
        "without it those that share a MongoDB look for each other's events every second.",
        repr=False,
    )
    mongo_host: str = Field(
        "",
        validation_alias="MONGO_HOST",
        description="MongoDB replica set that keeps everything: any of its members, or several, comma-separated, each "
        "with or without a port. Unset: the embedded store in the data directory.",
    )
    mongo_port: int = Field(
        27017, ge=1, le=65535, validation_alias="MONGO_PORT", description="Port of the MongoDB members."
    )
    mongo_db: Annotated[str, AfterValidator(_database_name)] = Field(
        "interlock", validation_alias="MONGO_DB", description="Database in MongoDB."
    )
    mongo_user: str = Field(
        "",
        validation_alias="MONGO_USER",
        description="User to log in to MongoDB as; unset: without logging in.",
    )
    mongo_password: str = Field(
        "",
        validation_alias="MONGO_PASSWORD",
        description="Password of that user, as it is: nothing in it need be escaped. Set both, or neither.",
        repr=False,
    )
    mongo_auth_db: str = Field(
        "admin",
        min_length=1,
        validation_alias="MONGO_AUTH_DB",
        description="Database in which the user was made.",
    )
    mongo_url: Annotated[str, AfterValidator(_mongo_url)] = Field(
        "",
        validation_alias="MONGO_URL",
        description="Whole `mongodb://` or `mongodb+srv://` address, instead of host and port: for TLS and the driver's "
        "other options.",
        repr=False,
    )
    chroma_host: str = Field(
        "",
        validation_alias="CHROMA_HOST",
        description="Chroma server that keeps the search index; unset: it is kept in the data directory.",
    )
    chroma_port: int = Field(
        8000, ge=1, le=65535, validation_alias="CHROMA_PORT", description="Port of the Chroma server."
    )
    chroma_ssl: bool = Field(
        False, validation_alias="CHROMA_SSL", description="Whether the Chroma server is reached by HTTPS."
    )
    chroma_token: str = Field(
        "",
        validation_alias="CHROMA_TOKEN",
        description="Token for the Chroma server or the proxy before it, sent as bearer token and as `X-Chroma-Token`.",
        repr=False,
    )
    chroma_tenant: str = Field(
        "default_tenant",
        min_length=1,
        validation_alias="CHROMA_TENANT",
        description="Tenant in the Chroma server.",
    )
    chroma_database: str = Field(
        "default_database",
        min_length=3,
        validation_alias="CHROMA_DATABASE",
        description="Database in the Chroma server, made if it is missing. Servers that share no store need one each.",
    )
    embedder: Annotated[str, AfterValidator(_embedder)] = Field(
        "auto",
        validation_alias="INTERLOCK_EMBEDDER",
        description="What searches by meaning: `auto` (a model that is installed), `off` (words alone), `minilm`, "
        "`chroma` (the model in Chroma's cache), a folder with `model.onnx` and `tokenizer.json`, or the URL of an "
        "OpenAI-compatible endpoint such as `http://localhost:11434/v1`.",
    )
    embedder_model: str = Field(
        "",
        validation_alias="INTERLOCK_EMBEDDER_MODEL",
        description="Model asked of the endpoint; unset: `text-embedding-3-small`.",
    )
    embedder_key: str = Field(
        "", validation_alias="INTERLOCK_EMBEDDER_KEY", description="API key of the endpoint.", repr=False
    )
    session_ttl_days: int = Field(
        14,
        ge=1,
        le=3650,
        validation_alias="SESSION_TTL_DAYS",
        description="Days without activity after which a session lapses.",
    )
    event_retention_days: int = Field(
        7,
        ge=1,
        le=3650,
        validation_alias="EVENT_RETENTION_DAYS",
        description="Days that events are kept; older cursors get one notice to refetch.",
    )
    message_retention_days: int = Field(
        7,
        ge=1,
        le=3650,
        validation_alias="MESSAGE_RETENTION_DAYS",
        description="Days that finished messages are kept; unread ones stay.",
    )
    audit_retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        validation_alias="AUDIT_RETENTION_DAYS",
        description="Days that the audit log is kept.",
    )
    document_retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        validation_alias="DOCUMENT_RETENTION_DAYS",
        description="Days that documents are kept after they expired.",
    )
    history_retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        validation_alias="HISTORY_RETENTION_DAYS",
        description="Days that counts of what happened are kept by the day; by the hour 14 days at most.",
    )
    max_body_bytes: int = Field(
        1_048_576,
        ge=1024,
        le=67_108_864,
        validation_alias="INTERLOCK_MAX_BODY_BYTES",
        description="Largest request body or WebSocket message, in bytes.",
    )
    max_depth: int = Field(
        12,
        ge=3,
        le=100,
        validation_alias="INTERLOCK_MAX_DEPTH",
        description="Deepest nesting of an operation.",
    )
    max_aliases: int = Field(
        50,
        ge=0,
        le=10_000,
        validation_alias="INTERLOCK_MAX_ALIASES",
        description="Most aliases in an operation, its fragments spread out.",
    )
    max_tokens: int = Field(
        2_000,
        ge=100,
        le=100_000,
        validation_alias="INTERLOCK_MAX_TOKENS",
        description="Most lexical tokens in a document.",
    )
    operation_timeout_seconds: int = Field(
        60,
        ge=1,
        le=600,
        validation_alias="INTERLOCK_OPERATION_TIMEOUT",
        description="Seconds that a query or mutation may take, waiting included.",
    )
    max_subscriptions: int = Field(
        100,
        ge=1,
        le=10_000,
        validation_alias="INTERLOCK_MAX_SUBSCRIPTIONS",
        description="Most operations under way on one WebSocket connection.",
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        LogLevel.INFO,
        validation_alias="INTERLOCK_LOG_LEVEL",
        description="Least severe of what is logged: debug, info, warning or error.",
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field(
        LogFormat.TEXT, validation_alias="INTERLOCK_LOG_FORMAT", description="Form of the log: text or json."
    )

    databases: Annotated[tuple[Database, ...], NoDecode] = Field(
        (), validation_alias="DB_<NAME>_*", description="Databases registered for reading.", repr=False
    )

    @model_validator(mode="after")
    def _refuse_an_open_door(self) -> Self:
        if not self.is_loopback and not self.auth_enabled and not self.allow_open:
            raise ValueError(
                f"INTERLOCK_HOST: {self.host} is reachable from outside while authentication is off; "
                "set MCP_AUTH_ENABLED=true (or INTERLOCK_ALLOW_OPEN=true if that is meant)"
            )
        return self

    @model_validator(mode="after")
    def _require_what_mongo_needs(self) -> Self:
        if self.mongo is not None and importlib.util.find_spec("motor") is None:
            raise ValueError("MONGO_HOST: needs the team extra: pip install 'interlock[team]'")
        if self.mongo is None and (self.mongo_user or self.mongo_password):
            raise ValueError(
                "MONGO_USER: is given without MONGO_HOST; set it, or unset MONGO_USER and MONGO_PASSWORD"
            )
        if bool(self.mongo_user) != bool(self.mongo_password):
            there, missing = ("MONGO_USER", "MONGO_PASSWORD")[:: 1 if self.mongo_user else -1]
            raise ValueError(f"{missing}: is missing while {there} is given; set both, or neither")
        return self

    @property
    def mongo(self) -> MongoAddress | None:
        """Where MongoDB is, or None for the embedded store."""
        if not self.mongo_host and not self.mongo_url:
            return None
        return MongoAddress(
            hosts=self.mongo_host or "127.0.0.1",
            port=self.mongo_port,
            database=self.mongo_db,
            user=self.mongo_user,
            password=self.mongo_password,
            auth_database=self.mongo_auth_db,
            url=self.mongo_url,
        )

    @property
    def chroma(self) -> ChromaAddress | None:
        """Where the Chroma server is, or None for an index in the data directory."""
        if not self.chroma_host:
            return None
        return ChromaAddress(
            self.chroma_host,
            self.chroma_port,
            self.chroma_ssl,
            self.chroma_token,
            self.chroma_tenant,
            self.chroma_database,
        )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host.lower() in LOOPBACK_NAMES:
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def rules(self) -> Rules:
        """The durations that the rules obey."""
        return Rules(
            session_ttl=timedelta(days=self.session_ttl_days),
            event_retention=timedelta(days=self.event_retention_days),
            message_retention=timedelta(days=self.message_retention_days),
            audit_retention=timedelta(days=self.audit_retention_days),
            document_retention=timedelta(days=self.document_retention_days),
            history_retention=timedelta(days=self.history_retention_days),
        )

    @property
    def limits(self) -> Limits:
        """The bounds of an operation."""
        return Limits(
            depth=self.max_depth,
            aliases=self.max_aliases,
            tokens=self.max_tokens,
            seconds=float(self.operation_timeout_seconds),
        )


def load_settings(**given: Any) -> Settings:
    """Return the settings from the environment and `.env`; `given` ones, by field name, come first.

    Raises:
        SettingsError: a value is wrong; the message names the variable.
    """
    try:
        if given.get("databases") is None:
            environment = database_settings.environment_with(Path(".env"))
            given["databases"] = database_settings.registered(environment)
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except database_settings.WrongVariable as error:
        raise SettingsError(str(error)) from error
    except RuntimeError as error:
        raise SettingsError("INTERLOCK_DATA: must be set where the user has no home directory") from error
    except ValidationError as error:
        raise SettingsError(_line(error)) from error


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return str(Settings.model_fields[field].validation_alias)


def misspelt(environment: Any = None) -> list[str]:
    """Return one line for each `INTERLOCK_` variable that is almost, but not, a setting's name."""
    known = {variable(field) for field in Settings.model_fields}
    lines = []
    for name in sorted(os.environ if environment is None else environment):
        if name.startswith("INTERLOCK_") and name not in known and name not in CLIENT_VARIABLES:
            near = difflib.get_close_matches(name, known, 1, 0.8)
            if near:
                lines.append(f"{name} is no setting and is ignored; did you mean {near[0]}?")
    return [*lines, *database_settings.strays(dict.fromkeys(environment or (), "x") or dict(os.environ))]


def _line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ").replace("\n", " ")
    if not first["loc"]:
        return message
    place = str(first["loc"][0])
    name = variable(place) if place in Settings.model_fields else place
    said = f"{name}: {message[:1].lower()}{message[1:]}"
    is_secret = any(variable(key) == name and not info.repr for key, info in Settings.model_fields.items())
    return said if is_secret else f"{said}, got {str(first['input'])[:80]!r}"


def documented() -> list[tuple[str, str, str]]:
    """Return each setting as its variable, its default and its meaning, in the order of the table."""
    rows = []
    for name, info in Settings.model_fields.items():
        if name == "databases":
            continue
        if name == "data":
            default = "`$XDG_DATA_HOME/interlock`, else `~/.local/share/interlock`"
        elif info.default in ("", ()):
            default = "none"
        else:
            default = f"`{str(info.default).lower() if isinstance(info.default, bool) else info.default}`"
        rows.append((variable(name), default, info.description or ""))
    return rows + database_settings.documented()
