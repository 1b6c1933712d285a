"""Metrics that a question names: by the words of metrics.yaml, and where they name none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from knowledge_base.metrics import Metric, Subject, metrics
from knowledge_base.products import MetricMatch, ProductMatch
from mandarin.pinyin import find_by_sound
from mandarin.script import HAN

# words of a metric that name none: a share of the net assets, and what moved is no fund
NO_METRIC = re.compile(
    r"(?:租金|物业|利息|股利|投资|债券|股票|存款|其他|手续费|处置|公允价值变动)(?:收入|收益(?!率|怎么样|如何|[高好多]))"
    r"|(?:律师|交易|汇划|其他|持有人大会|上市|登记)费用?|(?:应付|应支付|支付|已付|计提)的?(?:基金)?(?:管理|托管|销售服务)费(?!率)"
    r"|基金经理(?=的?(?:从业|学历|年龄|简历|履历|履新))|股票(?:投资)?(?:占比|比例)(?=要求|限制|范围|上限|下限)"
    r"|(?:哪些|主要|投资|市场|信用|流动性|特有|汇率|利率)的?风险(?!等级|级别|评级)|风险(?=有哪些|揭示|提示|因素|点)"
    r"|占(?:基金|总)?(?:资产)?净值|占净资产|净值(?:的?(?:比例?|占比|多少比例))|基金(?=投资|占|持仓|明细)|基金经理(?=(?:怎么|如何|对|认为|觉得|看))"
    r"|(?:沪深\d+|上证|创业板|指数|国债|国开债|存单|市场|板块|伦敦金|金价|黄金|原油|美元|CPI|PPI|GDP|PMI|股市|债市)"
    r"[^，。？,?的]{0,6}(?:收益率|涨了多少|涨了?|涨幅|跌了多少|跌幅|跌了?|表现)"
)
SHORTEST_SOUND = 5  # characters of words that are looked for by their sound
SPOKEN = re.compile(r"[涨跌赚亏谁]|多少(?!份)|怎么样|表现")


def subject_of(named: Sequence[ProductMatch]) -> Subject:
    """Whose metrics are meant: a share's where nothing but shares is named."""
    return Subject.SHARE if named and all(one.is_share for one in named) else Subject.FUND


def metrics_named(text: str, of: Subject) -> list[MetricMatch]:
    """Metrics of such a subject by their words, the longest first; words that two metrics share name both.

    Where no words are found, long ones are looked for by their sound: 剩余期现.
    """
    text = NO_METRIC.sub(lambda found: " " * len(found[0]), text)
    words: dict[str, list[str]] = defaultdict(list)
    for metric in metrics().values():
        for said in _said(metric, text) if metric.of is of else ():
            words[said].append(metric.id)
    found: dict[str, MetricMatch] = {}
    for word in sorted(words, key=len, reverse=True):
        at = text.find(word)
        while at >= 0:
            for name in words[word]:
                found.setdefault(name, _metric(name, word, at))
            text = text[:at] + " " * len(word) + text[at + len(word) :]
            at = text.find(word)
    return sorted(found.values(), key=lambda match: match.start) or _heard(text, words)


def _heard(text: str, words: Mapping[str, Sequence[str]]) -> list[MetricMatch]:
    long = [word for word in words if len(word) >= SHORTEST_SOUND and re.fullmatch(f"[{HAN}]+", word)]
    found = max(find_by_sound(text, long), key=lambda match: match.end - match.start, default=None)
    if found is None:
        return []
    return [replace(_metric(name, found.phrase, found.start), end=found.end) for name in words[found.phrase]]


def _said(metric: Metric, text: str) -> Iterator[str]:
    """What may mean the metric: its synonyms, and what its patterns find in the text."""
    yield from metric.synonyms
    for pattern in metric.patterns:
        yield from dict.fromkeys(found[0] for found in re.finditer(pattern, text))


def _metric(name: str, word: str, at: int) -> MetricMatch:
    about = metrics()[name]
    spoken = bool(SPOKEN.search(word)) and word not in about.label
    return MetricMatch(id=name, label=about.label, start=at, end=at + len(word), spoken=spoken)
