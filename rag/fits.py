"""Whether a sentence or row is the kind of thing that a question asks for."""

from __future__ import annotations

import re

from rag.tokens import rephrased
from rag.units import Unit

_ASKS_NUMBER = re.compile(
    r"多少|几[个只年天次家位]|多大|多高|多久|比例|占比|费率|利率|金额|规模|何时|什么时候|哪天|哪个?月|日期"
)
_ASKS_WHEN = re.compile(r"何时|什么时候|哪[天年]|哪个?月|日期|多久|几[年月天日号]|时间|期限")
_DATE = re.compile(r"\d{4}[年-](?:\d{1,2}(?:[月-](?:\d{1,2}日?)?)?)?|\d{1,2}月(?:\d{1,2}日)?")
_VALUE = re.compile(
    r"\d[\d,]*(?:\.\d+)?\s*(?:[%％‰]|亿|万|元|份|股|年|个?月|[日天户家次只]|个|bps?|BPS?|$)|\d\.\d|\d{4}-\d\d-\d\d|百分之"
    r"|[一二两三四五六七八九十半](?:个?(?:年|月|工作日|交易日|自然日)|[天周倍成次])"
)
_ASKS_PERSON = re.compile(r"谁|哪位")
_NAMES_PERSON = re.compile(r"担任|聘任|是(?![否不])")
_ASKS_MEANING = re.compile(r"什么是|是什么意思|指什么|什么叫")
_DEFINES = re.compile(r"是指|指的是|，指|即指|所谓")
_ASKS_WHY = re.compile(r"为什么|为何|为啥|怎么会|原因|凭什么")
_NOTE = re.compile(r"^注\s*[：:]")
_NO_LARGE_HOLDER = re.compile(r"未(?:出现|存在)[^，。]{0,4}单一投资者")
_ASKS_LARGE_HOLDER = re.compile(r"单一|大户|集中|超过|20%|最大")
_FIRST_PERSON = re.compile(r"组合|本基金|本集合计划|本产品|我们|操作上|管理人")
_DISCLOSED = re.compile(r"法定披露")
_ACCOUNTING = re.compile(r"会计政策|会计估计|编制基础|会计准则")
_NO_NUMBER = 0.6  # factor for a unit without a number where one was asked (不收取 may still answer)
_WRONG_KIND = 0.4  # for a unit that names no person, defines nothing, gives no reason, where one was asked for
_NOT_OWN = 0.8  # for the market's story where the fund's own doing was asked, and for rules of bookkeeping


def fit(unit: Unit, question: str, *, labelled: bool) -> float:
    """1, or below for a unit that is not the kind of thing asked for; `labelled`: its label holds words of it."""
    text = unit.claim.text
    if _ASKS_PERSON.search(question) and not (labelled or _NAMES_PERSON.search(text)):
        return _WRONG_KIND
    if _ASKS_MEANING.search(question) and not _DEFINES.search(text):
        return _WRONG_KIND
    if _ASKS_WHY.search(question) and (unit.table is not None or _NOTE.search(text)):
        return _WRONG_KIND  # a row, or the note below a table, states what is, never why
    if _NO_LARGE_HOLDER.search(text) and not _ASKS_LARGE_HOLDER.search(question):
        return _WRONG_KIND
    if _DISCLOSED.search(unit.words) and not re.search(r"公告|披露", question):
        return _WRONG_KIND
    if "运作分析" in unit.heading and "运作分析" in rephrased(question) and not _FIRST_PERSON.search(text):
        return _NOT_OWN
    if _ACCOUNTING.search(unit.above) and not re.search(r"会计|政策|原则", question):
        return _NOT_OWN
    if _ASKS_NUMBER.search(question) and not _gives_value(text, question):
        return _NO_NUMBER
    return 1.0


def _gives_value(text: str, question: str) -> bool:
    """Whether a text holds a number of the kind asked for: how much is not told by a date alone."""
    return bool(_VALUE.search(text if _ASKS_WHEN.search(question) else _DATE.sub("", text)))
