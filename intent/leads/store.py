"""What a read call leads to, written once: leads merged, cases registered, tickets and consents opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from intent.call import Call, CallReading, SpeechFinding, Wish
from intent.call_records.old_wishes import OldWish, keep_old_wishes
from intent.classifier.taxonomy import Taxonomy
from intent.errors import LeadNotFoundError
from intent.follow_ups.item import FollowUp, State
from intent.follow_ups.register import Register
from intent.follow_ups.shield import shielded
from intent.leads.lead import (
    CLAIMABLE,
    LIVING,
    ClientDirectory,
    ClientStanding,
    Lead,
    LeadState,
    standings_of,
)
from intent.leads.merging import Heard, Merging
from intent.leads.queue import LeadQueue, lead_of, visible
from intent.leads.scoring.scorer import LeadScorer, RuleScorer
from intent.leads.tables import calls, leads, spoken_findings
from intent.leads.views import lead_from, row_of
from intent.notes.draft import draft_note
from intent.settings import LeadSettings
from jobs.tables import new_id
from knowledge_base.access import Principal, Role
from knowledge_base.consents import ConsentLedger

RECORDERS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)
SPOKEN_TO = (LeadState.CONTACTED, LeadState.WON, LeadState.LOST)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What one call changed; `already` when it had been recorded before and nothing was done."""

    leads: tuple[Lead, ...] = ()
    merged: int = 0  # of `leads`, how many lived before
    follow_ups: tuple[FollowUp, ...] = ()
    left_out: tuple[str, ...] = field(default=())  # why a wish gave no lead, one sentence each
    already: bool = False


class LeadStore(LeadQueue):
    """The queue, and the one way into it."""

    def __init__(
        self,
        engine: Engine,
        *,
        taxonomy: Taxonomy,
        settings: LeadSettings | None = None,
        directory: ClientDirectory | None = None,
        register: Register | None = None,
        scorer: LeadScorer | None = None,
    ) -> None:
        super().__init__(engine, settings, taxonomy=taxonomy, directory=directory)
        self._wishes = taxonomy
        self._register = register or Register(taxonomy, ConsentLedger(engine))
        self._scorer = scorer or RuleScorer()

    def record(self, reading: CallReading, call: Call, *, principal: Principal) -> Recorded:
        """Write a call and what follows from it in one transaction; a second time does nothing.

        Cases and tickets are always written. A lead is written for a known client who may be
        contacted, of a call that is not stale; the rest stands in `left_out`.
        """
        return self.record_many([(reading, call)], principal=principal)[0]

    def record_many(self, batch: Sequence[tuple[CallReading, Call]], *, principal: Principal) -> list[Recorded]:
        """The same for many calls in one transaction, all or none: an archive is written a hundred times faster so."""
        principal.require("record calls", *RECORDERS)
        with self._writing() as (connection, now):
            known = standings_of(self.directory, {c.client_id for _, c in batch if c.client_id}, connection)
            heard = [_Heard(r, c, self._standing(c, known), _ended_at(c, now)) for r, c in batch]
            fresh = self._insert_calls(connection, heard, now)
            keep_old_wishes(connection, (old for each in fresh for old in self._old(each, now)))
            told = self._write_leads(connection, fresh, now, principal)
            done = [
                self._follow(connection, each, told[id(each)], now, principal.user_id)
                if id(each) in told
                else Recorded(already=True)
                for each in heard
            ]
            for each, recorded in zip(heard, done, strict=True):
                self._silence(connection, each, recorded, now)
            return done

    def call(self, call_id: str, *, principal: Principal) -> dict[str, Any]:
        """The stored note, findings, inspection and warnings of a call, without findings that are for compliance alone.

        An advisor who has a living lead from a call of somebody else sees the note and can hear the words, and nothing
        about how the colleague did. Raises LeadNotFoundError.
        """
        query = select(calls, visible(principal, calls).label("own")).where(calls.c.id == call_id)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not (row.own or self._proves_a_lead_of(call_id, principal)):
            raise LeadNotFoundError(f"There is no call {call_id} that you may see.")
        found = {name: value for name, value in row._asdict().items() if name != "own"}
        told = [finding for finding in row.findings if row.own and not finding.get("confidential")]
        return {**found, "findings": told, "inspection": found["inspection"] if row.own else None}

    def _proves_a_lead_of(self, call_id: str, principal: Principal) -> bool:
        found = self.of_call(call_id, principal=principal)
        return any(lead.advisor_id == principal.user_id and lead.state in LIVING for lead in found)

    def _standing(self, call: Call, known: Mapping[str, ClientStanding]) -> ClientStanding | None:
        if call.client_id is None:
            return None
        if self.directory is None:
            return ClientStanding(advisor_id=call.advisor_id)
        return known.get(call.client_id)

    def _insert_calls(self, connection: Connection, heard: Sequence[_Heard], now: datetime) -> list[_Heard]:
        """Write calls that are not there yet; returns them, the first of those with one id."""
        once = {each.call.id: each for each in reversed(heard)}
        written = self._rows.insert_new(connection, calls, [_call_row(each, now) for each in once.values()])
        return [each for each in heard if once[each.call.id] is each and each.call.id in written]

    def _follow(self, connection: Connection, each: _Heard, recorded: Recorded, now: datetime, by: str) -> Recorded:
        """Findings, note and follow-ups of one call; its leads are written already."""
        reading, call, standing, ended = each.reading, each.call, each.standing, each.ended
        _insert_findings(connection, reading, call, standing, now)
        if reading.note:
            draft_note(connection, reading.note, call, branch=standing.branch if standing else None, now=now)
        opened = self._register.open(connection, reading, call, standing=standing, ended=ended, now=now, by=by)
        return replace(recorded, follow_ups=opened)

    def _write_leads(
        self, connection: Connection, fresh: Sequence[_Heard], now: datetime, principal: Principal
    ) -> dict[int, Recorded]:
        """Merge what was heard into the leads that live, in the order of the calls; the result by `id()` of a call."""
        noes = {id(each): self._why_no_leads(each, now) for each in fresh}
        counts = Counter(
            str(each.call.client_id) for each in fresh for wish in each.wished if not noes[id(each)].get(wish.intent)
        )
        silenced = (str(c.call.client_id) for c in fresh if c.call.client_id and c.reading.of("consent"))
        in_hand = {**dict.fromkeys(silenced, 0), **counts}  # all at once, lest two writers wait for each other
        last = self._rows.number(connection, in_hand) if in_hand else {}
        score = self._scorer.for_clients(connection, counts, now)
        asked = (each.standing.advisor_id or each.call.advisor_id for each in fresh if each.standing is not None)
        self._router.prepare(connection, {who for who in asked if who is not None})
        merging = Merging(taxonomy=self._wishes, now=now, by=principal.user_id, last=last, score=score)
        spoken_to = self._meet(connection, merging, counts, now)
        done = {id(each): self._hear(connection, merging, each, noes[id(each)], spoken_to) for each in fresh}
        self._write(connection, merging)
        return done

    def _meet(
        self, connection: Connection, merging: Merging, clients: Mapping[str, int], now: datetime
    ) -> set[tuple[str, str]]:
        """Tell `merging` the leads that live; returns clients with the wishes whose one contact was made already."""
        if not clients:
            return set()
        since = now - timedelta(days=self.settings.window_days)
        once = sorted(self._honour.once)
        found = [lead_from(row) for row in self._rows.of_clients(connection, sorted(clients), since, once)]
        merging.meet(lead for lead in found if lead.state in LIVING)
        return {(x.client_id, x.intent) for x in found if x.state in SPOKEN_TO and x.intent in self._honour.once}

    def _hear(
        self,
        connection: Connection,
        merging: Merging,
        each: _Heard,
        noes: Mapping[str, str],
        spoken_to: set[tuple[str, str]],
    ) -> Recorded:
        made, left_out = [], []
        for heard in each.wished:
            # One contact a wish: a product that was named beside it must not make a second lead of it.
            wish = replace(heard, product=None) if heard.intent in self._honour.once else heard
            no = noes.get(wish.intent, "")
            if not no and (str(each.call.client_id), wish.intent) in spoken_to:
                no = "the one contact that this wish allows was made."
            if no:
                left_out.append(f"{wish.intent}: {no}")
            else:
                made.append(merging.hear(self._given(connection, merging, each, wish)))
        merged = sum(alive for _, alive in made)
        return Recorded(leads=tuple(lead for lead, _ in made), merged=merged, left_out=tuple(left_out))

    def _given(self, connection: Connection, merging: Merging, each: _Heard, wish: Wish) -> Heard:
        """A wish with whom its lead is given to; whoever has a living one keeps it."""
        assert each.standing is not None
        assert each.call.client_id is not None
        client, line = each.call.client_id, self._wishes[wish.intent].line
        alive = (client, wish.intent, wish.product or "") in merging.leads
        tier = self._router.rules.tier(each.standing)
        advisor = None
        if not alive:
            had_call = each.call.advisor_id
            advisor = self._router.route(connection, each.standing, line, fallback=had_call, tier=tier)
        return Heard(
            wish=wish, call=each.call, client_id=client, standing=each.standing, advisor_id=advisor,
            tier=tier.id if self.directory is not None else None, ended=each.ended,
        )  # fmt: skip

    def _write(self, connection: Connection, merging: Merging) -> None:
        after = list(merging.leads.values())
        self._rows.insert(connection, leads, [row_of(lead) for lead in after if lead.id in merging.made])
        self._rows.update(connection, leads, [row_of(x) for x in after if x.id in merging.raised - merging.made])
        self.tell(connection, merging.changes)

    def _silence(self, connection: Connection, each: _Heard, recorded: Recorded, now: datetime) -> None:
        """Withdraw what waits for a client who certainly took a consent back in this call, as far as the rules say that
        its purpose is needed for it. A doubtful word asks a person first, and changes nothing (decision 15)."""
        refused = {name: False for item in recorded.follow_ups if item.state == State.APPLIED for name in item.purposes}
        if not refused or each.standing is None:
            return
        standing = replace(each.standing, consents={**each.standing.consents, **refused})
        waiting = leads.c.state.in_([state.value for state in CLAIMABLE])
        rows = connection.execute(select(leads).where(leads.c.client_id == each.call.client_id, waiting)).all()
        noes = [(lead, self.why_not(standing, lead.intent, now)) for lead in map(lead_of, rows)]
        self.withdraw(connection, [(lead, f"said in a call: {no}") for lead, no in noes if no], now)

    def _is_old(self, each: _Heard, now: datetime) -> bool:
        return now - each.ended > timedelta(days=self.settings.stale_days)

    def _old(self, each: _Heard, now: datetime) -> Iterator[OldWish]:
        """What an old call says of a client of whom it may be known."""
        if each.standing is None or each.call.client_id is None:
            return
        if not self._is_old(each, now) or each.reading.of("consent"):
            return
        for wish in each.wished:
            if not self.why_not(each.standing, wish.intent, now):
                yield OldWish(
                    call_id=each.call.id, client_id=each.call.client_id, wish=wish,
                    line=self._wishes[wish.intent].line, heard_at=each.ended,
                )  # fmt: skip

    def _why_no_leads(self, each: _Heard, now: datetime) -> dict[str, str]:
        """By intent, one sentence where no lead may be written."""
        return {wish.intent: no for wish in each.wished if (no := self._why_no_lead(each, wish.intent, now))}

    def _why_no_lead(self, each: _Heard, intent: str, now: datetime) -> str:
        if each.standing is None:
            return "the client is not known, so that nobody can be asked to call."
        if no := self.why_not(each.standing, intent, now):
            return f"the client must not be contacted ({no})."
        if each.reading.of("consent"):
            return "the client spoke in this call of taking a consent back."
        if self._is_old(each, now):
            return f"the call is older than {self.settings.stale_days} days."
        return ""


@dataclass(frozen=True, eq=False)
class _Heard:
    """A call with what must be known to write it."""

    reading: CallReading
    call: Call
    standing: ClientStanding | None
    ended: datetime

    @cached_property
    def wished(self) -> tuple[Wish, ...]:
        """Wishes for leads; words of a complaint stay with its case."""
        return shielded(self.reading).of("lead")


def _call_row(each: _Heard, now: datetime) -> dict[str, Any]:
    reading, call, standing = each.reading, each.call, each.standing
    return {
        "id": call.id,
        "client_id": call.client_id,
        "advisor_id": call.advisor_id,
        "branch": standing.branch if standing else None,
        "started_at": call.started_at,
        "ended_at": each.ended,
        "duration_s": call.transcript.duration_s,
        "recording_path": call.recording_path,
        "note": reading.note.text if reading.note else "",
        "findings": [asdict(finding) for finding in reading.findings],
        "warnings": [*call.transcript.warnings, *reading.left_out],
        "inspection": asdict(reading.inspection) if reading.inspection else None,
        "model_version": reading.model_version,
        "recorded_at": now,
    }


def _insert_findings(
    connection: Connection, reading: CallReading, call: Call, standing: ClientStanding | None, now: datetime
) -> None:
    rows = [
        {
            **_columns_of(finding), "id": new_id(), "call_id": call.id, "client_id": call.client_id,
            "advisor_id": call.advisor_id, "branch": standing.branch if standing else None, "state": "open",
            "note": "", "created_at": now,
        }
        for finding in reading.findings
        if not finding.suspected  # worth an ear at the inspection, no accusation to dispose of
    ]  # fmt: skip
    if rows:
        connection.execute(insert(spoken_findings), rows)


def _columns_of(finding: SpeechFinding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "suspected"}


def _ended_at(call: Call, now: datetime) -> datetime:
    """The end of the call, when its clocks start; a call without a start ended now."""
    if call.started_at is None:
        return now
    return call.started_at + timedelta(seconds=call.transcript.duration_s)
