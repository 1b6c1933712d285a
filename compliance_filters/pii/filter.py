"""Personal identifiers: found by shape, checksum and what they are called, judged by whose they are, masked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.pii.hit import Hit
from compliance_filters.pii.owners import Client, is_third_party
from compliance_filters.pii.readers import READERS
from compliance_filters.pii.view import PlainView, may_hold_identifiers, plain_view
from compliance_filters.rules.pack import RulePack

_BETWEEN = re.compile(r"[\s\-.·_/,、—–\u20e3()+]")
_SHOWN = {
    "手机号": (3, 4),
    "身份证号": (3, 4),
    "电话号码": (3, 2),
    "微信号": (1, 2),
}  # characters left at head and tail
_SHOWN_ELSE = (2, 4)


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """One personal identifier; offsets are into the text handed in, `mask` is what may be shown instead."""

    kind: str  # 身份证号 | 证件号 | 手机号 | 电话号码 | 银行卡号 | 证券账户 | 邮箱 | 微信号 | 住址
    start: int
    end: int
    value: str
    mask: str


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Whole, unmasked identifiers in order of place, spaced and spoken forms too. Never raises for a text."""
    if not may_hold_identifiers(text):
        return ()
    view = plain_view(text)
    return tuple(_identifier(view, hit) for hit in _hits(view))


def mask(text: str) -> str:
    """The text with every identifier masked, for display."""
    pieces: list[str] = []
    position = 0
    for item in find_identifiers(text):
        pieces += (text[position : item.start], item.mask)
        position = item.end
    return "".join([*pieces, text[position:]])


class PiiFilter:
    """pii.leak: the client's own identifier is masked (revise), a third party's blocks and is an incident."""

    name = "pii"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("pii.leak")

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """A finding an identifier; what a client says of themself is exempt."""
        if draft.target is Target.CLIENT_INPUT or not may_hold_identifiers(draft.text):
            return ()
        view = plain_view(draft.text)
        client = Client(id=context.client_id, names=context.client_names)
        return tuple(
            self._finding(draft.text, _identifier(view, hit), is_third_party(view.text, hit.start, hit.end, client))
            for hit in _hits(view)
        )

    def _finding(self, text: str, item: Identifier, others: bool) -> Finding:
        reason = self._rule.reason.replace("{what}", item.kind)
        return self._rule.finding(
            text,
            item.start,
            item.end,
            outcome=Outcome.BLOCK if others else Outcome.REVISE,
            reason=f"{reason[:-1]}，且属于他人。" if others else reason,
            suggestion="删去他人的个人信息；此事已作为事件上报。" if others else self._rule.suggestion,
            replacement=None if others else item.mask,
        )


def _hits(view: PlainView) -> Iterator[Hit]:
    """Without overlap, in order of place; the earlier reader has a place that two claim."""
    chosen: list[Hit] = []
    for read in READERS:
        taken = sorted((hit.start, hit.end) for hit in chosen)
        chosen += _free(read(view.text), taken)
    yield from sorted(chosen, key=lambda hit: hit.start)


def _free(hits: Iterator[Hit], taken: list[tuple[int, int]]) -> Iterator[Hit]:
    """Hits where no earlier reader and no earlier hit is."""
    mine: list[tuple[int, int]] = []
    for hit in hits:
        if not any(start < hit.end and hit.start < end for start, end in (*taken, *mine)):
            mine.append((hit.start, hit.end))
            yield hit


def _identifier(view: PlainView, hit: Hit) -> Identifier:
    start, end = view.original_span(hit.start, hit.end)
    shown = view.text[hit.start : hit.end]
    value = shown if hit.kind in ("邮箱", "住址", "微信号") else _BETWEEN.sub("", shown)
    value = value[-11:] if hit.kind == "手机号" else value  # without the country's code
    return Identifier(kind=hit.kind, start=start, end=end, value=value, mask=_masked(hit.kind, value))


def _masked(kind: str, value: str) -> str:
    if kind == "邮箱":
        return f"{value[0]}***@***.{re.split('[.点]', value)[-1].strip('()[] ')}"
    if kind == "住址":
        return value[:2] + "****"
    head, tail = _SHOWN.get(kind, _SHOWN_ELSE)
    return value[:head] + "*" * max(4, len(value) - head - tail) + value[-tail:]
