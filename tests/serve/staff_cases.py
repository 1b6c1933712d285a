"""A house with staff, calls and something in every list of the board and the desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.leads.store import Recorded
from knowledge_base.access import Role
from serve.rooms import Rooms
from serve.users import OPERATOR

EAST = "临江路营业部"
STAFF = (
    ("A001", [Role.ADVISOR], []), ("A002", [Role.ADVISOR], []), ("boss", [Role.SUPERVISOR], [EAST]),
    ("anna", [Role.COMPLIANCE], []), ("kefu", [Role.CRM], []),
)  # fmt: skip
COMPLAINT = "我要投诉你们的客户经理，太不负责任了"
BUY = "我想买五十万的债券基金"


def with_staff(house: Rooms) -> None:
    for name, roles, branches in STAFF:
        house.users.add(name, roles=roles, branches=branches, labels=[], principal=OPERATOR)


def wish(
    intent: str, goes_to: str, quote: str, *, turn: int = 3, confidence: float = 0.9, amount: int | None = None
) -> Wish:
    proof = (Evidence(turn=turn, quote=quote, start_s=3.0, end_s=4.5),)
    return Wish(
        intent=intent, goes_to=goes_to, polarity=Polarity.INTEREST, evidence=proof, confidence=confidence,
        amount_cny=None if amount is None else Decimal(amount),
    )  # fmt: skip


def record(
    house: Rooms, call_id: str, client_id: str | None, *wishes: Wish, hours: float = 0.1, sound: Path | None = None,
    advisor_id: str = "A001",
) -> Recorded:  # fmt: skip
    """A call that began so many hours ago."""
    call = Call(
        id=call_id, transcript=Transcript(turns=(), duration_s=5.0), client_id=client_id, advisor_id=advisor_id,
        started_at=datetime.now(UTC) - timedelta(hours=hours), recording_path=str(sound) if sound else None,
    )  # fmt: skip
    return house.leads.record(CallReading(call_id=call_id, wishes=wishes), call, principal=OPERATOR)


def furnish(house: Rooms, sound: Path | None = None) -> None:
    """Leads (one overdue), a complaint, an incident of two clients, a certain and a doubtful withdrawal."""
    with_staff(house)
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY, amount=500_000), hours=30, sound=sound)
    record(house, "k2", "C0002", wish("permission.hk", "lead", "我想开通港股通"), sound=sound)
    record(
        house,
        "k3",
        "C0004",
        wish("complaint", "case", COMPLAINT),
        wish("etf.trade", "lead", "场内那只ETF怎么买", turn=5),
    )
    fault = wish("service.outage", "ticket", "软件闪退打不开", turn=1)
    record(house, "k4", "C0002", fault, wish("order.request", "ticket", "帮我把新能源卖了", amount=20_000), hours=1)
    record(house, "k5", "C0007", fault, wish("fund.redeem", "lead", "我想赎回"), hours=1.2, advisor_id="A002")
    record(house, "k6", "C0006", wish("consent.optout", "consent", "以后别再给我打电话了"), advisor_id="A002")
    record(house, "k7", "C0008", wish("consent.optout", "consent", "这样不好吧", confidence=0.6), advisor_id="A002")
    record(house, "k8", "C0010", wish("service.account", "ticket", "密码忘了"), hours=40, advisor_id="A003")
