"""What an officer marks as wrong: a text of the queue, a verdict of the log, or a text that is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compliance_filters.errors import MistakeError
from compliance_filters.review.judged import Judged, judged_entry, judged_item, judged_text
from serve.users import OPERATOR

if TYPE_CHECKING:
    from compliance_filters.finding import Draft
    from compliance_filters.review.marking import Mark
    from compliance_filters.review.mistakes import Mistake
    from knowledge_base.access import Principal
    from serve.seen import Seen
    from serve.wiring import House


def of_item(house: House, item_id: str, *, seen: Seen, principal: Principal) -> Judged:
    """The text of a review item or sample; looking at it is written into the audit log."""
    item = house.review_queue.get(house.review_queue.full_id(item_id, principal=principal), principal=principal)
    seen.view("review", [(item.client_id, item.id)])
    return judged_item(item)


def of_verdict(house: House, audit_id: str, *, seen: Seen, principal: Principal) -> Judged:
    """The text of a verdict, whatever became of it; looking at it is written into the audit log."""
    judged = judged_entry(house.audit, audit_id, principal=principal)
    seen.view("verdict", [(judged.client_id, judged.audit_id or "")])
    return judged


def of_text(
    house: House,
    draft: Draft,
    *,
    client_id: str | None,
    product_codes: Sequence[str],
    channel: str,
    principal: Principal,
) -> Judged:
    """A text that is given, with what is found in it today. Raises MistakeError where it cannot be judged."""
    context = house.context_of(
        draft, client_id=client_id, product_codes=product_codes, channel=channel, principal=principal
    )
    findings, errors = house.gate.judge(draft, context)
    if errors:
        raise MistakeError(f"the text could not be judged ({'; '.join(errors)}): mend that first.")
    return judged_text(draft, findings, context)


def write(house: House, judged: Judged, mark: Mark, *, principal: Principal) -> Mistake:
    """Write the mark down, with the names of all clients masked."""
    names = house.clients.names(principal=OPERATOR)
    return house.mistakes.mark(judged, mark, pack=house.rule_pack, principal=principal, names=names)
