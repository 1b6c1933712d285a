"""Who may do what: logins, keys, limits, and the audit log that tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.clients import ClientRooms

if TYPE_CHECKING:
    from serve.rights.api_keys import ApiKeys
    from serve.rights.callers import Callers
    from serve.rights.credentials import Credentials
    from serve.rights.exports import Exports
    from serve.rights.groups import RouteGroups
    from serve.rights.limits import Limits
    from serve.rights.lockout import Lockouts
    from serve.rights.logins import Logins
    from serve.rights.passwords import Passwords
    from serve.rights.rows import RowBudget
    from serve.rights.sessions import Sessions
    from serve.rights.sign_in import IdentityProvider, SignInDesk
    from serve.rights.tokens import Vault


class RightsRooms(ClientRooms):
    """The parts that let people and programs in."""

    @once
    def passwords(self) -> Passwords:
        from serve.rights.passwords import Passwords

        return Passwords(self.settings.auth)

    @once
    def vault(self) -> Vault:
        from serve.rights.tokens import Vault
        from serve.secrets import login_key

        return Vault(login_key(self.settings))

    @once
    def credentials(self) -> Credentials:
        from serve.rights.credentials import Credentials

        return Credentials(self.engine, self.settings.auth, self.passwords, self.vault)

    @once
    def sessions(self) -> Sessions:
        from serve.rights.sessions import Sessions

        return Sessions(self.engine, self.settings.auth)

    @once
    def lockouts(self) -> Lockouts:
        from serve.rights.lockout import Lockouts
        from serve.secrets import login_key

        return Lockouts(self.engine, self.settings.auth, login_key(self.settings))

    @once
    def logins(self) -> Logins:
        from serve.rights.logins import Logins

        return Logins(
            users=self.users, credentials=self.credentials, passwords=self.passwords, sessions=self.sessions,
            lockouts=self.lockouts, audit=self.audit, settings=self.settings.auth,
        )  # fmt: skip

    @once
    def sign_ins(self) -> dict[str, IdentityProvider]:
        """The firm's own sign-ins that the settings name. Raises SettingsError where one cannot work."""
        from serve.errors import SettingsError
        from serve.rights.oidc import OidcProvider
        from serve.rights.wecom import WecomProvider

        rules = self.settings.auth
        found: dict[str, IdentityProvider] = {}
        if rules.oidc.issuer:
            found["oidc"] = OidcProvider(rules.oidc)
        if rules.wecom.corp_id:
            found["wecom"] = WecomProvider(rules.wecom)
        if found and not self.settings.server.url:
            raise SettingsError("A sign-in is set but server.url is empty: set the address that people come back to.")
        return found

    @once
    def sign_in_desk(self) -> SignInDesk:
        from serve.rights.sign_in import SignInDesk

        return SignInDesk(self, self.sign_ins, self.vault)

    @once
    def route_groups(self) -> RouteGroups:
        from serve.rights.groups import RouteGroups

        return RouteGroups.shipped()

    @once
    def api_keys(self) -> ApiKeys:
        from serve.rights.api_keys import ApiKeys

        return ApiKeys(self.engine, self.audit, self.route_groups)

    @once
    def exports(self) -> Exports:
        from serve.rights.exports import Exports

        return Exports(self.engine, self.audit, self.settings.limits)

    @once
    def row_budget(self) -> RowBudget:
        from serve.rights.rows import RowBudget

        return RowBudget(self.engine, self.settings.limits)

    @once
    def limits(self) -> Limits:
        from serve.rights.limits import Limits

        return Limits()

    @once
    def callers(self) -> Callers:
        from serve.rights.callers import Callers

        return Callers(self)
