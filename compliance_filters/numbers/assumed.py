"""Numbers that a text need not prove: what it supposes for an example, and what the client said."""

from __future__ import annotations

import re

from mandarin.numerals import Numeral, NumeralKind

CLAUSE_END = re.compile(r"[，,；;。！？!?\n|]|\s{3,}")
_SUPPOSED = re.compile(
    r"(?:假设|假定|假如|例如|比如|举例|举个例子|试算|如果您?|倘若|要是|万一|哪怕|即使|为例|打个比方"
    r"|若(?=您|投资|投入|申购|买入|持有|按|以|在|期末|到期|净值|市值|本金))"
)
_EXAMPLE_BEGINS = re.compile(
    "举例|举个例子|打个比方|例如|比如|示例|粗略?估?算|估算|试算|测算|算一下|算一笔|算笔账|算下来"
)
_EXAMPLE_AFTER = re.compile(r"[\u4e00-\u9fff]{0,6}(?:为例|来算|来测算|测算|计(?!提)|计算|估算|粗算)")
_CONDITION_AFTER = re.compile(r"(?:左右|以上|以下)?(?:时(?![间期点代候任])|的话|的情况下|的情形下)")
_CLIENT_SAID = re.compile(
    r"(?:您|客户)(?:刚才|刚刚|之前|上次|这次|今天|目前|现在)?(?:问|说|提到|提出|想|打算|计划|准备|希望|预算|手上|手里|咨询|拟|拟投|要)"
    r"|您这|按您|您的(?:预算|资金|计划)"
)
_COMPUTED = re.compile("算|市值|约合|折合|合计|相当|等于|也?就是|总共|一共")
_ROUND_DIGITS = 2
_SAID_REACH = 16  # characters behind these words in which a sum is the client's
_CLIENT_BEARS = re.compile(r"(?:您|客户)[^，,。；;]{0,8}?(?:说|提到|提出|表示|告诉|讲|反馈|认为|觉得|能|可以?)")
_BEARS = re.compile("承受|接受|忍受|容忍|最多|顶多|底线|止损|睡不着")
_BEAR_REACH = 24
_OF_A_FUND = re.compile("净值|收益率|增长率|基准|最大回撤|费率|近[一二三五半]|过去|成立")
_QUOTING = re.compile('[“「『"][^”」』"]*$')


class Assumptions:
    """What one text supposes."""

    def __init__(self, text: str, hidden: str) -> None:
        self._text, self._hidden = text, hidden
        self._supposes = _SUPPOSED.search(text) is not None
        self._examples = _EXAMPLE_BEGINS.search(text) is not None
        self._quotes = _CLIENT_SAID.search(text) is not None or _CLIENT_BEARS.search(text) is not None

    def cover(self, numeral: Numeral, sentence: int) -> bool:
        """Whether this number is a premise: `sentence` is where its sentence begins."""
        if numeral.kind is NumeralKind.AMOUNT and _is_round(numeral) and _EXAMPLE_AFTER.match(self._text, numeral.end):
            return True
        if _CONDITION_AFTER.match(self._text, numeral.end):
            return True
        if not (self._supposes or self._quotes or self._examples):
            return False
        lead = self._hidden[max(sentence, numeral.start - 40) : numeral.start]
        clause = CLAUSE_END.split(lead)[-1]
        if self._supposes and _SUPPOSED.search(clause):
            return True
        if self._examples and _begins_example(lead, numeral):
            return True
        return self._quotes and (_is_named_by_client(lead, numeral) or self._is_borne(lead, clause, numeral))

    def _is_borne(self, lead: str, clause: str, numeral: Numeral) -> bool:
        """A loss that the client can bear: 您表示账面下跌10%会睡不着觉."""
        if numeral.kind is not NumeralKind.PERCENT or _OF_A_FUND.search(clause):
            return False
        said = _CLIENT_BEARS.search(lead)
        rest = CLAUSE_END.split(self._text[numeral.end : numeral.end + 12])[0]
        return said is not None and len(lead) - said.end() <= _BEAR_REACH and bool(_BEARS.search(clause + rest))


def _begins_example(lead: str, numeral: Numeral) -> bool:
    """The first number behind 举例 or 粗算一下 is what the example sets out from; what comes of it is computed."""
    ends = [cue.end() for cue in _EXAMPLE_BEGINS.finditer(lead)]
    return bool(ends) and numeral.kind is NumeralKind.AMOUNT and not re.search(r"\d", lead[ends[-1] :])


def _is_named_by_client(lead: str, numeral: Numeral) -> bool:
    """A number that the client named: what they asked, in quotation marks, or the sum they think of."""
    said = _CLIENT_SAID.search(lead)
    if said is None:
        return False
    rest = lead[said.end() :]
    if _QUOTING.search(rest):
        return True
    return numeral.kind is NumeralKind.AMOUNT and len(rest) <= _SAID_REACH and not _COMPUTED.search(rest)


def _is_round(numeral: Numeral) -> bool:
    return len(numeral.value.normalize().as_tuple().digits) <= _ROUND_DIGITS
