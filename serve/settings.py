"""The settings: one TOML file and the environment, read here and nowhere else.

Order of precedence: environment (`TOUGU_LEADS__WINDOW_DAYS=30`), the TOML file, the defaults.
The file is `--config`, else `TOUGU_CONFIG`, else `<home>/tougu.toml` where it exists.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from compliance_filters.settings import ComplianceSettings
from copilot.settings import CopilotSettings
from intent.leads.scoring.settings import ScoringSettings
from intent.segments.settings import SegmentSettings
from intent.settings import BoardSettings, CallSettings, FollowUpSettings, IntentSettings, LeadSettings, SpeechSettings
from jobs.settings import JobSettings
from knowledge_base.settings import KnowledgeBaseSettings
from models.settings import ModelSettings
from prompts.settings import ChatSettings, PromptSettings
from rag.settings import RagSettings
from serve.errors import SettingsError
from serve.rights.settings import AuthSettings, LimitSettings

PREFIX = "TOUGU_"
DELIMITER = "__"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class ServerSettings(BaseModel):
    """Where the server listens, and how much it accepts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on; any but loopback needs logins and server.url.")
    url: str = Field(
        "", description="Address by which people reach the server, e.g. https://tougu.firm.cn; empty = loopback only."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses, with commas, of gateways whose X-Forwarded-For and -Proto are believed."
    )
    port: int = Field(8600, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    max_body_bytes: int = Field(
        64 * 1024 * 1024, gt=0, description="Largest request body, in bytes; raise it for long calls."
    )
    frame_ancestors: tuple[str, ...] = Field(
        (), description="Origins whose pages may hold the sidebar in a frame, such as https://crm.example.com."
    )
    demo_host: bool = Field(False, description="Serve /demo-host, a page to try the sidebar in a frame, yes/no.")

    @field_validator("frame_ancestors")
    @classmethod
    def _only_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin or ";" in origin:
                raise ValueError(f"{origin} is no origin: give scheme and host alone, such as https://crm.example.com")
        return origins


class LogSettings(BaseModel):
    """Structured logs; they never hold what clients or advisors said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Lowest level: DEBUG, INFO, WARNING, ERROR."
    )
    format: str = Field("text", pattern="^(text|json)$", description="text for people, json for collectors.")


class Settings(BaseSettings):
    """Everything that can be set. `tougu config` prints the effective values."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="forbid", frozen=True)

    home: Path = Field(Path("~/.tougu"), description="Folder of the database, the index and all files.")
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL (postgresql+psycopg://...); empty = SQLite in home."
    )
    server: ServerSettings = ServerSettings()
    auth: AuthSettings = AuthSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    models: ModelSettings = ModelSettings()
    chat: ChatSettings = ChatSettings()
    prompts: PromptSettings = PromptSettings()
    knowledge: KnowledgeBaseSettings = KnowledgeBaseSettings()
    rag: RagSettings = RagSettings()
    compliance: ComplianceSettings = ComplianceSettings()
    speech: SpeechSettings = SpeechSettings()
    calls: CallSettings = CallSettings()
    intent: IntentSettings = IntentSettings()
    leads: LeadSettings = LeadSettings()
    follow_ups: FollowUpSettings = FollowUpSettings()
    board: BoardSettings = BoardSettings()
    scoring: ScoringSettings = ScoringSettings()
    segments: SegmentSettings = SegmentSettings()
    copilot: CopilotSettings = CopilotSettings()
    jobs: JobSettings = JobSettings()

    @property
    def url(self) -> str:
        """The database URL in use; holds the password, so it is never printed."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.home}/tougu.db"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


# Variables of the same prefix that are not settings.
NOT_SETTINGS = frozenset({"TOUGU_CONFIG", "TOUGU_TEST_DATA", "TOUGU_TEST_NO_SKIP"})


def load_settings(config: Path | None = None) -> Settings:
    """Read the settings.

    Raises SettingsError, in one sentence, for a missing or broken file, an unknown key or a bad value.
    """
    path = _config_path(config)
    values = _read_toml(path) if path else {}
    unknown = [name for name in _unknown_variables() if name not in NOT_SETTINGS]
    if unknown:
        raise SettingsError(
            f"The environment variable {unknown[0]} is not a setting of tougu: "
            f"unset it or correct its name (see `tougu config`)."
        )
    try:
        loaded = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from error
    found = loaded.model_copy(update={"home": loaded.home.expanduser().resolve()})
    if "home" not in loaded.model_fields_set:
        found.model_fields_set.discard("home")  # made absolute is not set
    return found


def _config_path(config: Path | None) -> Path | None:
    named = config or (Path(os.environ["TOUGU_CONFIG"]) if os.environ.get("TOUGU_CONFIG") else None)
    if named:
        if not named.is_file():
            raise SettingsError(f"The configuration file {named} does not exist: correct --config or TOUGU_CONFIG.")
        return named
    home = Path(os.environ.get("TOUGU_HOME", Settings.model_fields["home"].default)).expanduser()
    default = home / "tougu.toml"
    return default if default.is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML in UTF-8 ({error}): correct the file.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error


def _unknown_variables() -> Iterator[str]:
    """Names with our prefix whose first part is no setting: a typing error must not pass silently."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX):
            top = name[len(PREFIX) :].split(DELIMITER)[0].lower()
            if top not in Settings.model_fields:
                yield name


def _explain(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f"in {path} or the environment" if path else "in the environment"
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, list(_known_keys()), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "run `tougu config` to see all settings."
        return f"The setting {key} {where} does not exist: {hint}"
    return f"The setting {key} {where} has a bad value ({first['msg']}): correct it."


def _known_keys() -> Iterator[str]:
    for key, _field, _value in describe(Settings.model_construct()):
        yield key


def describe(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    """Every setting as (dotted key, field, value); secrets come masked by their type."""
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from describe(value, f"{key}.")
        else:
            yield key, field, value


def sources(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Where each setting is from, as (dotted key, environment | file | default), in the order of `describe`."""
    for name in type(settings).model_fields:
        value, key = getattr(settings, name), f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from sources(value, f"{key}.")
        elif name not in settings.model_fields_set:
            yield key, "default"
        else:
            yield key, "environment" if _in_environment(key) else "file"


def _in_environment(key: str) -> bool:
    """Whether a variable names the setting, or a table that it stands in."""
    parts = key.upper().split(".")
    names = {PREFIX + DELIMITER.join(parts[:n]) for n in range(1, len(parts) + 1)}
    return not names.isdisjoint(name.upper() for name in os.environ)
