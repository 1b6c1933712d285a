"""Who may see which follow-up: a case is never for the advisors it concerns, whatever other role they have."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, true

from intent.follow_ups.item import FollowUp, Kind
from intent.follow_ups.tables import follow_ups
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

CASE_READERS = (Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
SERVICE_DESK = (Role.ADVISOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.CRM, Role.OPERATIONS, Role.SYSTEM)
_row = follow_ups.c


def visible(principal: Principal) -> ColumnElement[bool]:
    """Follow-ups that the principal may see, as a condition of every query."""
    return or_(and_(_row.kind != Kind.CASE.value, _of_own_clients(principal)), cases_visible(principal))


def cases_visible(principal: Principal) -> ColumnElement[bool]:
    """Cases: compliance sees all, a supervisor those of the branch, and nobody one about themselves."""
    if not principal.has(*CASE_READERS):
        return false()
    reach = true() if principal.has(Role.COMPLIANCE, Role.SYSTEM) else _of_branch(principal)
    foreign = and_(*(c.is_distinct_from(principal.user_id) for c in (_row.advisor_id, _row.client_advisor_id)))
    return and_(_row.kind == Kind.CASE.value, reach, foreign)


def may_handle(item: FollowUp, handler: Principal) -> bool:
    """Whether somebody may be given a follow-up: who may see it; of a case never one whom it concerns.

    A consent is not decided by the advisor who would rather call.
    """
    of_branch = handler.has(Role.SUPERVISOR) and item.branch in handler.branches
    if item.kind == Kind.CASE:
        return handler.user_id not in item.concerned and (handler.has(Role.COMPLIANCE, Role.SYSTEM) or of_branch)
    own = item.kind == Kind.TICKET and handler.has(Role.ADVISOR) and handler.user_id in item.concerned
    return own or of_branch or handler.has(*SEES_EVERY_CLIENT)


def _of_own_clients(principal: Principal) -> ColumnElement[bool]:
    if principal.has(*SEES_EVERY_CLIENT):
        return true()
    mine: ColumnElement[bool] = _of_branch(principal)
    if principal.has(Role.ADVISOR):
        mine = or_(mine, _row.advisor_id == principal.user_id, _row.client_advisor_id == principal.user_id)
    return mine


def _of_branch(principal: Principal) -> ColumnElement[bool]:
    if principal.has(Role.SUPERVISOR) and principal.branches:
        return _row.branch.in_(sorted(principal.branches))
    return false()
