"""Who asks: the principal, a parameter of every repository method from the first day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person or a process may do; rights of one person are the union of their roles."""

    ADVISOR = "advisor"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    EDITOR = "editor"
    OPERATIONS = "operations"
    CRM = "crm"
    ADMINISTRATOR = "administrator"  # users and their roles
    SECURITY = "security"  # logins, sessions, keys, lockouts
    AUDIT = "audit"  # reads who did what
    SYSTEM = "system"  # the machine: background jobs and its operator; no person and no key has it


# Three that nobody holds two of, and none of which sees a client.
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.SECURITY, Role.AUDIT})
# They keep the firm's research on shares; handing an opinion on takes more, see Principal.opinions.
KEEPS_RESEARCH = frozenset({Role.EDITOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM})
SEES_EVERY_CLIENT = frozenset({Role.COMPLIANCE, Role.OPERATIONS, Role.CRM, Role.SYSTEM})


class AccessDeniedError(PermissionError):
    """The principal may not do this; the message names the act and never the data withheld."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A person or process on whose behalf data is read or written."""

    user_id: str
    roles: frozenset[Role]
    branches: frozenset[str] = field(default_factory=frozenset)
    labels: frozenset[str] = field(default_factory=frozenset)  # document labels this person may read
    entrusted: frozenset[str] = field(default_factory=frozenset)  # clients of others, for this act: of a lead in hand
    opinions: bool = False  # for this act: opinions on shares may be given (see OpinionRights in serve/opinions.py)
    no_opinion_on: frozenset[str] = field(default_factory=frozenset)  # ids of shares of which none is given today

    def has(self, *roles: Role) -> bool:
        return bool(self.roles.intersection(roles))

    def require(self, act: str, *roles: Role) -> None:
        """Raise AccessDeniedError unless the principal has one of `roles`."""
        if not self.has(*roles):
            raise AccessDeniedError(f"{self.user_id} may not {act}: it needs the role {' or '.join(sorted(roles))}.")

    def may_read(self, document_labels: Iterable[str]) -> bool:
        """True when every label on the document is held; an unlabelled document is open to all."""
        return self.has(Role.SYSTEM) or self.labels.issuperset(document_labels)

    def may_see_client(self, *, advisor_id: str | None, branch: str | None, client_id: str | None = None) -> bool:
        """An advisor sees their own clients, a supervisor those of their branches, both whom a lead entrusts."""
        if self.has(*SEES_EVERY_CLIENT) or client_id in self.entrusted:
            return True
        if self.has(Role.ADVISOR) and advisor_id == self.user_id:
            return True
        return self.has(Role.SUPERVISOR) and branch in self.branches


def system_principal(user_id: str = "system") -> Principal:
    """The principal of background jobs and of a command line run by the machine's own operator."""
    return Principal(user_id=user_id, roles=frozenset({Role.SYSTEM}))
