"""Whole calls with what a person read in them: the file format, its checks, and the project's own set."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from intent.call import Speaker, Turn
from intent.classifier.taxonomy import Taxonomy
from intent.corpus.lines import LineError, Parsed, doubled_ids, parse_lines, refuse_misspelt, shipped
from intent.corpus.utterances import SPLITS

CALLS = "calls.jsonl"
URGENCIES = ("low", "normal", "high")
FIELDS = ("id", "client_id", "advisor_id", "started_at", "turns", "gold", "split", "tags", "batch")
SHIPPED_TURNS = range(12, 61)  # turns of a call of the project's own
_LISTS = {"leads": "lead", "cases": "case", "tickets": "ticket", "consents": "consent"}  # of gold, and where they go


@dataclass(frozen=True, kw_only=True)
class GoldWish:
    """One wish that still stands at the end of a call."""

    intent: str
    evidence: tuple[int, ...]  # `index` of the client's turns that show it
    product: str | None = None  # as spoken
    amount_cny: Decimal | None = None
    urgency: str = "normal"  # low | normal | high


@dataclass(frozen=True, kw_only=True)
class NotLead:
    """An intent that was spoken of and is no lead: withdrawn, refused, somebody else's."""

    intent: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that the advisor broke in a turn."""

    turn: int
    rule: str


@dataclass(frozen=True, kw_only=True)
class GoldCall:
    """What a person read in a whole call; `neutral` intents count neither way."""

    leads: tuple[GoldWish, ...]
    cases: tuple[GoldWish, ...]
    tickets: tuple[GoldWish, ...]
    consents: tuple[GoldWish, ...]
    not_leads: tuple[NotLead, ...]
    neutral: tuple[str, ...]
    violations: tuple[Violation, ...]
    summary_points: tuple[str, ...]
    next_action: str

    @property
    def wishes(self) -> tuple[GoldWish, ...]:
        return (*self.leads, *self.cases, *self.tickets, *self.consents)


@dataclass(frozen=True, kw_only=True)
class LabelledCall:
    """One call with its gold; `turns[n].index` is the `i` that gold speaks of."""

    id: str
    turns: tuple[Turn, ...]
    gold: GoldCall
    client_id: str | None = None
    advisor_id: str | None = None
    started_at: datetime | None = None
    split: str = "train"
    tags: tuple[str, ...] = ()
    batch: str = ""


@dataclass(frozen=True, kw_only=True)
class CallSet:
    """Labelled calls and the hash of their file."""

    items: tuple[LabelledCall, ...]
    digest: str

    def of(self, *splits: str) -> tuple[LabelledCall, ...]:
        return tuple(item for item in self.items if item.split in splits)


def load_calls(taxonomy: Taxonomy, path: Path | None = None, *, rules: Collection[str] = ()) -> CallSet:
    """Read calls in the format of `tougu eval calls` with `split`, `tags`, `batch`; the shipped ones by default.

    `rules`: the known rule ids; violations are held against them where any are given.
    Raises TrainingDataError naming file, line and remedy.
    """
    parsed = check_calls(taxonomy, path, rules=rules)
    return CallSet(items=parsed.required(), digest=parsed.digest)


def check_calls(taxonomy: Taxonomy, path: Path | None = None, *, rules: Collection[str] = ()) -> Parsed[LabelledCall]:
    """The good calls of such a file and every mistake; the shipped ones must also have 12-60 turns.

    Raises TrainingDataError for a file that cannot be read.
    """
    lengths = SHIPPED_TURNS if path is None else None
    parsed = parse_lines(path or shipped(CALLS), lambda raw: call_of(raw, taxonomy, rules=rules, lengths=lengths))
    return parsed.with_mistakes(doubled_ids([(n, call.id) for n, call in parsed.items]))


def call_of(
    raw: Mapping[str, Any], taxonomy: Taxonomy, *, rules: Collection[str] = (), lengths: range | None = None
) -> LabelledCall:
    """One object of the format. Raises LineError, KeyError, TypeError, ValueError."""
    refuse_misspelt(raw, FIELDS)
    split = str(raw.get("split", "train"))
    if split not in SPLITS:
        raise LineError(f"there is no split {split}", f"use one of {', '.join(SPLITS)}")
    turns = _turns(raw["turns"], lengths)
    started_at = raw.get("started_at")
    call = LabelledCall(
        id=str(raw["id"]),
        turns=turns,
        gold=_gold(raw["gold"]),
        client_id=raw.get("client_id"),
        advisor_id=raw.get("advisor_id"),
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        split=split,
        tags=tuple(str(tag) for tag in raw.get("tags", ())),
        batch=str(raw.get("batch", "")),
    )
    _check_wishes(call, taxonomy)
    _check_violations(call, rules)
    return call


def _turns(raw: Sequence[Mapping[str, Any]], lengths: range | None) -> tuple[Turn, ...]:
    if lengths is not None and len(raw) not in lengths:
        raise LineError(
            f"the call has {len(raw)} turns", f"a call of the corpus has {lengths[0]} to {lengths[-1]}, cut or mend it"
        )
    turns = tuple(
        Turn(
            index=int(turn.get("i", n)),
            speaker=Speaker(turn["role"]),
            text=turn["text"],
            start_s=float(turn.get("start", n)),
            end_s=float(turn.get("end", n + 1)),
        )
        for n, turn in enumerate(raw)
    )
    if not turns:
        raise LineError("the call has no turn", "write its turns, or remove it")
    _check_turns(turns)
    return turns


def _check_turns(turns: Sequence[Turn]) -> None:
    before: Turn | None = None
    for turn in turns:
        if not isinstance(turn.text, str) or not turn.text.strip():
            raise LineError(f"turn {turn.index} has no text", "write what was said, or remove the turn")
        first = before.start_s if before else 0.0
        if not first <= turn.start_s <= turn.end_s < math.inf:
            raise LineError(f"the time of turn {turn.index} runs backwards", "put the turns in order of their start")
        before = turn
    if len({turn.index for turn in turns}) < len(turns):
        raise LineError("two turns have the same i", "number the turns")


def _gold(raw: Mapping[str, Any]) -> GoldCall:
    lists = {name: tuple(_wish(wish) for wish in raw.get(name, ())) for name in _LISTS}
    return GoldCall(
        **lists,
        not_leads=tuple(NotLead(intent=n["intent"], why=str(n.get("why", ""))) for n in raw.get("not_leads", ())),
        neutral=tuple(raw.get("neutral", ())),
        violations=tuple(Violation(turn=v["turn"], rule=v["rule"]) for v in raw.get("advisor_violations", ())),
        summary_points=tuple(raw.get("summary_points", ())),
        next_action=str(raw.get("next_action", "")),
    )


def _wish(raw: Mapping[str, Any]) -> GoldWish:
    amount, urgency = raw.get("amount"), raw.get("urgency", "normal")
    if urgency not in URGENCIES:
        raise LineError(f"there is no urgency {urgency}", f"use one of {', '.join(URGENCIES)}")
    try:
        amount_cny = None if amount is None else Decimal(str(amount))
    except InvalidOperation:
        raise LineError(f"the amount {amount} is no number", "write yuan in digits, or null") from None
    if amount_cny is not None and not (amount_cny.is_finite() and amount_cny > 0):
        raise LineError(f"the amount {amount} is no sum of money", "write yuan in digits, or null")
    return GoldWish(
        intent=raw["intent"],
        evidence=tuple(raw.get("evidence", ())),
        product=raw.get("product"),
        amount_cny=amount_cny,
        urgency=urgency,
    )


def _check_wishes(call: LabelledCall, taxonomy: Taxonomy) -> None:
    gold = call.gold
    _require_known((*(w.intent for w in gold.wishes), *(n.intent for n in gold.not_leads), *gold.neutral), taxonomy)
    speakers = {turn.index: turn.speaker for turn in call.turns}
    for name, goes_to in _LISTS.items():
        wishes: tuple[GoldWish, ...] = getattr(gold, name)
        intents = [wish.intent for wish in wishes]
        for n, wish in enumerate(wishes):
            if goes_to not in taxonomy[wish.intent].places:
                places = ", ".join(taxonomy[wish.intent].places) or "nothing"
                raise LineError(f"{wish.intent} stands in {name}", f"by the taxonomy it goes to {places}, move it")
            if wish.intent in intents[:n]:
                raise LineError(f"{wish.intent} stands twice in {name}", "make one entry of it")
            _check_evidence(wish, speakers)
    both = {wish.intent for wish in gold.leads} & {n.intent for n in gold.not_leads}
    if both:
        raise LineError(f"{min(both)} is a lead and none", "keep what stands at the end of the call")


def _require_known(intents: Iterable[str], taxonomy: Taxonomy) -> None:
    unknown = [intent for intent in intents if intent not in taxonomy]
    if unknown:
        raise LineError(f"the taxonomy has no intent {unknown[0]}", "correct the id, or load its taxonomy")


def _check_evidence(wish: GoldWish, speakers: Mapping[int, Speaker]) -> None:
    if not wish.evidence:
        raise LineError(f"{wish.intent} has no evidence", "name the client's turns that show it")
    for turn in wish.evidence:
        if turn not in speakers:
            raise LineError(f"the evidence of {wish.intent} names turn {turn}", "the call has no such turn, correct it")
        if speakers[turn] is Speaker.ADVISOR:
            raise LineError(
                f"the evidence of {wish.intent} names turn {turn} of the advisor", "evidence is what the client says"
            )


def _check_violations(call: LabelledCall, rules: Collection[str]) -> None:
    speakers = {turn.index: turn.speaker for turn in call.turns}
    for violation in call.gold.violations:
        if speakers.get(violation.turn) is not Speaker.ADVISOR:
            raise LineError(f"the violation {violation.rule} names turn {violation.turn}", "name a turn of the advisor")
        if rules and violation.rule not in rules:
            raise LineError(f"there is no rule {violation.rule}", "correct the id: tougu rules list shows them")
