"""A house with officers and something in every list of the review queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from compliance_filters.review.item import ReviewPolicy
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.tables import compliance_review
from intent.call import Call, CallReading, Evidence, Polarity, SpeechFinding, Transcript, Wish
from knowledge_base.access import Principal, Role
from serve.rooms import Rooms
from serve.users import OPERATOR

ADVISOR = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}), branches=frozenset({"B01"}))
MARKUP = "您好，<img src=x onerror=alert(1)>这一句有疑，请看<b>粗体</b>。"
INSIDER = "我有内部消息，下周要发重组公告你先买。"


class Doubtful:
    """Suspects one word, as the semantic model does, so that an officer decides."""

    name = "doubtful"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        at = draft.text.find("有疑")
        if at < 0:
            return ()
        return (
            Finding(
                rule="promise.return", start=at, end=at + 2, quote="有疑", outcome=Outcome.REVIEW,
                reason="这一句像是在承诺收益（由语义模型判断）。", by="semantic",
            ),
        )  # fmt: skip


def with_officers(house: Rooms, *, two_persons: str = "off", sample_share: float = 0.0) -> None:
    """Officers anna and ben, an advisor, and a gate that doubts texts with 有疑 in them."""
    for name in ("anna", "ben"):
        house.users.add(name, roles=[Role.COMPLIANCE], branches=[], labels=[], principal=OPERATOR)
    house.users.add("A001", roles=[Role.ADVISOR], branches=["B01"], labels=[], principal=OPERATOR)
    house.review_queue = ReviewQueue(house.audit, ReviewPolicy(two_persons=two_persons, sample_share=sample_share))
    book = house.rulebooks()
    house.gate = Gate(
        book.pack, (*book.filters, Doubtful()), house.audit, queue=house.review_queue, left_out=house.left_out,
        time_budget_ms=60_000,
    )  # fmt: skip


def ask(house: Rooms, text: str, *, client_id: str | None = None, channel: str = "sidebar") -> Verdict:
    """An advisor's text through the gate."""
    known = house.review_facts.client_context(client_id, today=house.today(), principal=OPERATOR)
    products = house.review_facts.products(["990001"], principal=OPERATOR, today=house.today())
    context = ReviewContext(
        today=known.today, client_id=known.client_id, client_level=known.client_level,
        client_level_expires=known.client_level_expires, client_names=known.client_names, products=products,
        channel=channel,
    )  # fmt: skip
    return house.gate.review(Draft(text=text, target=Target.ADVISOR_MESSAGE, by="A001"), context, principal=ADVISOR)


def make_late(house: Rooms, *, hours: float = 30) -> None:
    """Every item that waits was asked some hours ago."""
    made = datetime.now(UTC) - timedelta(hours=hours)
    with house.engine.begin() as connection:
        connection.execute(update(compliance_review).values(created_at=made, due_at=made + timedelta(hours=24)))


def take_call(house: Rooms) -> str:
    """A call in which a promise won a lead; the lead's id."""
    turn = Evidence(turn=3, quote="那我买一点", start_s=75.0, end_s=78.0)
    wish = Wish(
        intent="fund.buy", goes_to="lead", polarity=Polarity.INTEREST, evidence=(turn,), confidence=0.9,
        held_because="顾问在第3轮说了“稳赚不赔”（promise.return），先处置再跟进",
    )  # fmt: skip
    said = SpeechFinding(
        turn=2, rule="promise.return", quote="稳赚不赔", disposition="call_back", severity="high", start_s=71.0
    )
    hidden = SpeechFinding(
        turn=5, rule="insider.information", quote="内部消息", disposition="register", severity="high", start_s=95.0,
        confidential=True,
    )  # fmt: skip
    call = Call(
        id="k1", transcript=Transcript(turns=(), duration_s=120.0), client_id="C0003", advisor_id="A001",
        started_at=datetime.now(UTC) - timedelta(minutes=5),
    )  # fmt: skip
    reading = CallReading(call_id="k1", wishes=(wish,), findings=(said, hidden))
    (lead,) = house.leads.record(reading, call, principal=OPERATOR).leads
    return lead.id
