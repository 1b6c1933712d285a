"""The queue's view of the firm's clients, read from the knowledge base."""

from __future__ import annotations

from intent.leads.lead import ClientStanding
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError

NO_CALLS = frozenset({"phone", "marketing", "contact"})  # opt-outs that forbid an advisor's call


class KnowledgeBaseDirectory:
    """Clients of the knowledge base; who opted out of calls or closed the account is not contacted."""

    def __init__(self, clients: Clients, principal: Principal) -> None:
        self._clients, self._principal = clients, principal

    def standing(self, client_id: str) -> ClientStanding | None:
        """None for an unknown client."""
        try:
            client = self._clients.get(client_id, principal=self._principal)
        except UnknownClientError:
            return None
        refused = sorted(NO_CALLS.intersection(client.opt_outs))
        why = "account closed" if client.account_state == "closed" else ""
        why = why or (f"opted out of {', '.join(refused)}" if refused else "")
        return ClientStanding(advisor_id=client.advisor_id, branch=client.branch, may_contact=not why, why_not=why)
