"""Settings of logins, of other sign-ins, and of how much one caller may ask."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from knowledge_base.access import ADMINISTRATORS, Role


class OidcSettings(BaseModel):
    """Login by the firm's own OpenID Connect provider; off while `issuer` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field("", description="Issuer URL, e.g. https://sso.firm.cn/realms/staff; empty = off.")
    client_id: str = Field("", description="Client id that the provider knows this server by.")
    client_secret: SecretStr | None = Field(None, description="Client secret; empty for a public client (PKCE alone).")
    scopes: str = Field("openid profile", description="Scopes asked for, with blanks between.")
    user_claim: str = Field("preferred_username", description="Claim that holds the user's id here.")
    groups_claim: str = Field("groups", description="Claim that lists the user's groups.")
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Group -> role. Where set, roles follow the provider at each login; empty = users are added here.",
    )
    timeout_s: float = Field(10.0, gt=0, description="Seconds to wait for the provider.")


class WecomSettings(BaseModel):
    """Login inside the WeCom client (企业微信网页授权); off while `corp_id` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corp_id: str = Field("", description="Corp id; empty = off.")
    agent_id: str = Field("", description="Id of the self-built application.")
    secret: SecretStr | None = Field(None, description="Secret of the application.")
    api_url: str = Field("https://qyapi.weixin.qq.com", description="Where WeCom's API is asked.")
    authorize_url: str = Field(
        "https://open.weixin.qq.com/connect/oauth2/authorize", description="Where the browser is sent to sign in."
    )
    timeout_s: float = Field(10.0, gt=0, description="Seconds to wait for WeCom.")


class AuthSettings(BaseModel):
    """Logins: sessions, wrong passwords, the second factor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: bool | None = Field(
        None,
        description="Ask everybody to log in; empty = once a user has a password, or a sign-in or server.url is set.",
    )
    session_idle_minutes: int = Field(60, gt=0, description="Minutes without a request after which a login ends.")
    session_hours: int = Field(12, gt=0, description="Hours after which a login ends in any case.")
    embedded: bool = Field(
        False, description="Let the login work in a frame of another site (cookie SameSite=None); needs https."
    )
    failures: int = Field(5, gt=0, description="Wrong passwords or codes of one account before it has to wait.")
    address_failures: int = Field(50, gt=0, description="Wrong passwords or codes from one address before it waits.")
    lock_s: int = Field(30, gt=0, description="Seconds of the first wait; it doubles with each further failure.")
    lock_most_s: int = Field(3600, gt=0, description="Seconds of the longest wait.")
    password_length: int = Field(12, ge=8, le=128, description="Least characters of a password.")
    password_memory_mib: int = Field(64, ge=8, description="Memory of one Argon2id hash, in MiB.")
    password_passes: int = Field(3, ge=1, description="Passes of Argon2id over its memory.")
    setup_hours: int = Field(24, gt=0, description="Hours that a one-time link to set a password is good for.")
    totp_roles: tuple[Role, ...] = Field(
        tuple(sorted(ADMINISTRATORS)), description="Roles that log in with a code of an authenticator as well."
    )
    oidc: OidcSettings = OidcSettings()
    wecom: WecomSettings = WecomSettings()


class LimitSettings(BaseModel):
    """How much one caller may ask, once there are logins; 0 = as much as they like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_per_minute: int = Field(600, ge=0, description="Requests a minute of one person.")
    key_per_minute: int = Field(6000, ge=0, description="Requests a minute with one API key.")
    address_per_minute: int = Field(6000, ge=0, description="Requests a minute from one address, logged in or not.")
    export_rows: int = Field(
        1000,
        ge=0,
        description="Rows of a file of leads, log entries, mistakes or cleared texts above which another approves it.",
    )
    approval_hours: int = Field(24, gt=0, description="Hours that an approved export can be fetched.")
    person_rows_a_day: int = Field(
        5000,
        ge=0,
        description="Rows of lists on clients and of the audit log that one person is shown in a day of China; more "
        "needs another's approval.",
    )
    key_rows_a_day: int = Field(100_000, ge=0, description="The same of one API key; leads that it claims count not.")
