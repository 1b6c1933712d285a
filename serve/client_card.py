"""What an advisor wants to know of a client, before a call and while they talk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knowledge_base.consents import ConsentState, Purpose
from serve.times import iso

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from serve.wiring import House

LAST_CALLS = 3
PROMISES = 10
AGREEMENT = "advisory_agreement"  # the purpose under which a firm imports that a client signed one


def talk_context(house: House, client_id: str, *, principal: Principal) -> dict[str, Any]:
    """Beside the card of the board: goal, agreement, do-not-disturb, last calls, and what was promised.

    Raises UnknownClientError.
    """
    client = house.clients.get(client_id, principal=principal)
    standing = house.consent_ledger.standing(client_id, principal=principal)
    promised = house.notes.tasks(principal=principal, client_id=client_id, limit=PROMISES)
    return {
        "goal": client.goal,
        "horizon_months": client.horizon_months,
        "agreement": client.agrees_to(AGREEMENT),
        "do_not_contact": standing.get(Purpose.CONTACT) is ConsentState.WITHDRAWN,
        "not_personalised": standing.get(Purpose.PERSONALISED) is ConsentState.WITHDRAWN,
        "calls": [
            {"id": call.id, "at": iso(call.at), "minutes": round(call.duration_s / 60), "note": call.note}
            for call in house.notes.last_calls(client_id, principal=principal, limit=LAST_CALLS)
        ],
        "promises": [
            {"id": task.id, "call_id": task.call_id, "what": task.what, "due_at": iso(task.due_at)} for task in promised
        ],
    }
