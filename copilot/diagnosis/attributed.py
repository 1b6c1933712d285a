"""Brinson's attribution in a fund's report: one sentence on the whole, and a table of the segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from copilot.diagnosis.blocks import Lines, Look, Sheet
from copilot.diagnosis.bound import Bound, BoundPart
from copilot.diagnosis.measured.attribution import Attribution, SegmentResult
from copilot.diagnosis.metrics.attribution import Effects
from copilot.diagnosis.rounding import percent

MOST_SEGMENTS = 12  # in print, the largest effects; all of them stand in the JSON
_POINTS = "个百分点"
_EFFECTS = (("配置贡献", "allocation"), ("选择贡献", "selection"), ("交互贡献", "interaction"), ("贡献合计", "total"))
_METHOD = (
    "配置贡献为超配或低配的结果，选择贡献为分段内部优于或劣于基准的结果，交互贡献为两者同时发生的部分（Brinson方法）。"
)


def attribution_part(found: Attribution | None, code: str) -> BoundPart:
    """The section and the facts behind its numbers."""
    if found is None:
        return BoundPart()
    words = _Words(found=found, code=code, bound=Bound())
    blocks = (words.sheet(), Lines(lines=(*words.whole(), _METHOD), look=Look.SMALL))
    return BoundPart(blocks=blocks, facts=tuple(words.bound.facts), names=(found.benchmark_name, *found.segments))


@dataclass(frozen=True, kw_only=True)
class _Words:
    found: Attribution
    code: str
    bound: Bound

    @property
    def period(self) -> str:
        return f"{self.found.base}至{self.found.end}"

    def whole(self) -> Iterator[str]:
        one = self.found
        own, other = (
            self._percent("按分段计算的收益率", one.portfolio_return),
            self._percent("同期基准收益率", one.benchmark_return, of_fund=False),
        )
        effects = "，".join(f"{name}{value}" for name, value in self._effects(one.total, ""))
        yield f"按分段计算的收益率{own}（{self.period}），同期基准{one.benchmark_name}为{other}，{effects}。"
        if isfinite(one.unexplained):
            rest = self._points("净值与分段之差", one.unexplained)
            yield f"净值与分段之差{rest}，来自期间调仓、费用与披露口径，未归入任何分段。"
        if len(one.segments) > MOST_SEGMENTS:
            yield "篇幅所限，影响较小的分段未列出。"

    def sheet(self) -> Sheet:
        told = [self._row(name, one) for name, one in list(self.found.segments.items())[:MOST_SEGMENTS]]
        return Sheet(
            title="业绩归因",
            heads=("分段", "基金平均权重", "基准平均权重", "配置贡献", "选择贡献", "交互贡献", "贡献合计"),
            rows=tuple(row for row, _ in told),
            words=1,
            sentences=tuple(sentence for _, sentence in told),
            widths=(1.6, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2),
        )

    def _row(self, name: str, one: SegmentResult) -> tuple[tuple[str, ...], str]:
        own = self._percent(f"{name}平均权重", one.weight)
        other = self._percent(f"{name}对照平均权重", one.benchmark_weight)
        effects = self._effects(one.effects, name)
        told = "，".join(f"{label}{value}" for label, value in effects)
        sentence = f"{name}平均权重{own}，{name}对照平均权重{other}，{told}（{self.period}）。"
        return (name, own, other, *(value.removesuffix(_POINTS) for _, value in effects)), sentence

    def _effects(self, effects: Effects, name: str) -> list[tuple[str, str]]:
        return [(f"{name}{label}", self._points(f"{name}{label}", getattr(effects, key))) for label, key in _EFFECTS]

    def _percent(self, name: str, fraction: float, *, of_fund: bool = True) -> str:
        return self.bound.percent(name, fraction, entity=self.code if of_fund else None, period=self.period)

    def _points(self, name: str, fraction: float) -> str:
        return self.bound.say(name, percent(fraction), _POINTS, entity=self.code, period=self.period)
