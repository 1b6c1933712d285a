"""An answer sentence by sentence: nothing is shown that was not cleared, and nothing stands without the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from compliance_filters.finding import Cleared, Draft, Finding, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import _make_cleared
from copilot.releases import Released, Replied, Step, TakenBack, Withheld, release
from knowledge_base.access import Principal, Role
from rag.passage import Answer, Citation, FigureCell, FigureTable, Sentence

ADVISOR = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
CONTEXT = ReviewContext(today=date(2026, 11, 20))
BAD, TURNS_BAD, SPOILS_ALL = "坏", "翻", "毁"  # by itself; with what stood before; only in the whole text
WORDS = st.text(alphabet=f"好是的{BAD}{TURNS_BAD}{SPOILS_ALL}", min_size=1, max_size=6)


class Strict:
    """A gate double that objects to three letters, each in its own way; remembers what it cleared."""

    def judge(self, draft: Draft, context: ReviewContext) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        found = [_finding(at, at + 1) for at, letter in enumerate(draft.text) if letter == BAD]
        found += [_finding(0, at + 1) for at, letter in enumerate(draft.text) if letter == TURNS_BAD]
        return tuple(found), ()

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        findings, _ = self.judge(draft, context)
        findings += tuple(_finding(at, at + 1) for at, letter in enumerate(draft.text) if letter == SPOILS_ALL)
        outcome = Outcome.BLOCK if findings else Outcome.PASS
        cleared: Cleared | None = None if findings else _make_cleared(draft.text, Target.ANSWER, "a_1")
        return Verdict(
            outcome=outcome, findings=findings, original=draft.text, text=draft.text, rule_pack="double",
            audit_id="a_1", cleared=cleared,
        )  # fmt: skip


def _finding(start: int, end: int) -> Finding:
    return Finding(rule="double", start=start, end=end, quote="", outcome=Outcome.BLOCK, reason="不行。")


def growing(texts: Sequence[str], table: FigureTable | None = None) -> Iterator[Answer]:
    """An answer that gains a sentence at a time."""
    said = tuple(Sentence(text=f"{text}。", citations=(n,)) for n, text in enumerate(texts, start=1))
    cited = tuple(
        Citation(n=n, version_id="v", document_id="d", title="t", quote="q", start=0, end=1)
        for n in range(1, len(said) + 1)
    )
    for upto in range(1, len(said) + 1):
        last = upto == len(said)
        yield Answer(question="q", sentences=said[:upto], citations=cited[:upto], table=table if last else None)
    if not said:
        yield Answer(question="q", sentences=(), citations=(), abstained=True)


def steps(texts: Sequence[str], *, stop_after: int | None = None, table: FigureTable | None = None) -> list[Step]:
    shown = 0
    found: list[Step] = []
    stopped = lambda: stop_after is not None and shown >= stop_after  # noqa: E731
    for step in release(Strict(), growing(texts, table), lambda answer: CONTEXT, principal=ADVISOR, stopped=stopped):
        found.append(step)
        shown += isinstance(step, Released | Withheld)
    return found


@given(st.lists(WORDS, max_size=5))
def test_nothing_is_shown_that_was_not_cleared_and_nothing_stands_without_the_whole(texts: list[str]) -> None:
    found = steps(texts)
    standing: dict[int, str] = {}
    for step in found:
        if isinstance(step, Released):
            assert BAD not in step.sentence.text
            assert TURNS_BAD not in step.sentence.text
            standing[step.n] = step.sentence.text
        elif isinstance(step, TakenBack):
            del standing[step.n]
    assert isinstance(found[-1], Replied)
    assert sum(isinstance(step, Replied) for step in found) == 1
    reply = found[-1].reply
    if any(letter in "".join(texts) for letter in (BAD, TURNS_BAD, SPOILS_ALL)):
        assert (reply.cleared, reply.answer, standing) == (None, None, {})
    else:
        assert reply.answer is not None
        assert list(standing.values()) == [sentence.text for sentence in reply.answer.sentences]


@given(st.lists(st.text(alphabet="好是的", min_size=1, max_size=4), min_size=1, max_size=5), st.integers(0, 5))
def test_who_stops_keeps_what_was_released_and_no_more_is_judged(texts: list[str], after: int) -> None:
    found = steps(texts, stop_after=after)
    last = found[-1]
    assert isinstance(last, Replied)
    assert last.stopped == (after < len(texts))
    assert last.reply.answer is not None
    kept = [step.sentence for step in found if isinstance(step, Released)]
    assert list(last.reply.answer.sentences) == kept
    assert {each.n for each in last.reply.answer.citations} == {n for one in kept for n in one.citations}
    assert last.reply.text == last.reply.answer.text


def test_a_table_is_judged_with_the_text_and_shown_with_the_reply() -> None:
    cells = (FigureCell(text="甲"), FigureCell(text=f"1{BAD}"))
    bad = FigureTable(header=("产品", "费率"), rows=(cells,))
    found = steps(["好"], table=bad)
    assert [type(step) for step in found] == [Released, Withheld, TakenBack, Replied]
    assert isinstance(found[-1], Replied)
    assert found[-1].reply.cleared is None


def test_each_sentence_comes_with_the_sources_it_cites() -> None:
    first, second, _reply = steps(["好", "是"])
    assert isinstance(first, Released)
    assert isinstance(second, Released)
    assert ([c.n for c in first.citations], [c.n for c in second.citations]) == ([1], [2])
