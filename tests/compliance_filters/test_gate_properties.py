"""No order of filters, no failure of one, and no officer lets a block pass: review, release, edit, speech, stream."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import ComplianceError, ReviewQueueError
from compliance_filters.finding import Cleared, Draft, Finding, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.review.item import ReviewPolicy, State
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.stream import Finished, Retracted, Shown, release_sentences
from knowledge_base.access import Principal, Role
from tests.compliance_filters.test_gate import ADVISOR, PLAIN, Always, answer

ANNA, BEN = (Principal(user_id=name, roles=frozenset({Role.COMPLIANCE})) for name in ("anna", "ben"))
ERROR, MISSING, UNSTEADY = "error", "missing", "unsteady"
Kind = Outcome | str | None
BLIND = frozenset({ERROR, MISSING, UNSTEADY})
KINDS = st.sampled_from([None, *Outcome, ERROR, MISSING, UNSTEADY])
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Unsteady(Always):
    """Finds what it is told to, and fails when it is asked to read again."""

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        raise RuntimeError("x")


def gate_of(kinds: list[Kind], order: list[int], pack: RulePack, audit: AuditLog, *, two: str = "off") -> Gate:
    """A gate of one filter a kind, in any order; a missing one is ordered by the pack and not there."""
    made = {
        ERROR: lambda name: Always(name, error=RuntimeError("x")),
        UNSTEADY: lambda name: Unsteady(name, Outcome.REVIEW),
    }
    filters = [
        made[kind](f"f{n}") if isinstance(kind, str) else Always(f"f{n}", kind)
        for n, kind in enumerate(kinds)
        if kind != MISSING
    ]
    queue = ReviewQueue(audit, ReviewPolicy(sample_share=0.0, two_persons=two))
    return Gate(replace(pack, order=tuple(f"f{n}" for n in order)), filters, audit, queue=queue)


def ordered(kinds: list[Kind], data: Any) -> list[int]:
    return list(data.draw(st.permutations(range(len(kinds)))))


def certain(kinds: list[Kind]) -> bool:
    """Whether a rule blocks or returns, which no officer overrules; a doubt beside it changes nothing."""
    return Outcome.BLOCK in kinds or Outcome.RETURN in kinds


def worst_of(kinds: list[Kind]) -> Outcome:
    return max((kind for kind in kinds if isinstance(kind, Outcome)), default=Outcome.PASS)


def blind(kinds: list[Kind]) -> bool:
    """Whether some filter does not look."""
    return not BLIND.isdisjoint(kinds)


def doubt(pack: RulePack, audit: AuditLog) -> str:
    """The id of an item that waits since a filter failed."""
    verdict = gate_of([ERROR], [0], pack, audit).review(answer("x"), PLAIN, principal=ADVISOR)
    assert verdict.review_id is not None
    return verdict.review_id


@quick
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data())
def test_review_clears_only_what_every_filter_looked_at(
    kinds: list[Kind], data: Any, pack: RulePack, audit: AuditLog
) -> None:
    verdict = gate_of(kinds, ordered(kinds, data), pack, audit).review(answer("x"), PLAIN, principal=ADVISOR)
    if blind(kinds) or worst_of(kinds) > Outcome.REVISE:
        assert verdict.cleared is None
    if worst_of(kinds) is Outcome.BLOCK:
        assert verdict.outcome is Outcome.BLOCK


@quick
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data(), two=st.sampled_from(["off", "all"]))
def test_release_clears_only_what_every_filter_looked_at(
    kinds: list[Kind], data: Any, two: str, pack: RulePack, audit: AuditLog
) -> None:
    item_id = doubt(pack, audit)
    gate = gate_of(kinds, ordered(kinds, data), pack, audit, two=two)
    if blind(kinds) or certain(kinds):
        for officer in (ANNA, BEN):
            with pytest.raises(ReviewQueueError, match="cannot be approved"):
                gate.release(item_id, reason="可以", principal=officer)
        assert gate._officers_queue.get(item_id, principal=ANNA).state is State.PENDING
        with pytest.raises(ReviewQueueError, match="not approved"):
            gate.collect(item_id, principal=ADVISOR)
        return
    cleared = [gate.release(item_id, reason="可以", principal=officer) for officer in (ANNA, BEN)[: 1 + (two == "all")]]
    assert isinstance(cleared[-1], Cleared)
    assert all(each is None for each in cleared[:-1])


@quick
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data())
def test_edit_clears_only_what_every_filter_looked_at(
    kinds: list[Kind], data: Any, pack: RulePack, audit: AuditLog
) -> None:
    item_id = doubt(pack, audit)
    gate = gate_of(kinds, ordered(kinds, data), pack, audit)
    cleared, refused = None, False
    try:
        cleared = gate.edit(item_id, text="y", reason="可以", principal=ANNA).cleared
    except ReviewQueueError:
        refused = True
    assert not refused or blind(kinds) or certain(kinds)
    held = blind(kinds) or certain(kinds)
    state = gate._officers_queue.get(item_id, principal=ANNA).state
    assert (cleared is None, state) == (held, State.PENDING if held else State.APPROVED)


@quick
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data())
def test_no_block_in_speech_is_lost(kinds: list[Kind], data: Any, pack: RulePack, audit: AuditLog) -> None:
    gate = gate_of(kinds, ordered(kinds, data), pack, audit)
    try:
        found = gate.judge_speech(["x", "✓"], PLAIN)
    except ComplianceError:
        assert blind(kinds)
        return
    assert not blind(kinds)
    assert max((f.outcome for f in found[0]), default=Outcome.PASS) is worst_of([k for k in kinds if k])


@quick
@given(kinds=st.lists(KINDS, min_size=1, max_size=4), data=st.data(), parts=st.integers(min_value=1, max_value=3))
def test_the_screen_keeps_no_sentence_of_what_is_not_cleared(
    kinds: list[Kind], data: Any, parts: int, pack: RulePack, audit: AuditLog
) -> None:
    gate = gate_of(kinds, ordered(kinds, data), pack, audit)
    draft = Draft(text="", target=Target.ANSWER)
    on_screen: set[int] = set()
    for event in release_sentences(gate, [f"x{n}。" for n in range(parts)], draft, PLAIN, principal=ADVISOR):
        if isinstance(event, Shown):
            assert not blind(kinds)
            on_screen.add(event.n)
        elif isinstance(event, Retracted):
            on_screen.discard(event.n)
        elif isinstance(event, Finished) and (blind(kinds) or worst_of(kinds) > Outcome.REVISE):
            assert (event.verdict.cleared, on_screen) == (None, set())
