"""Numbers that a text need not prove: what it supposes for an example, and what the client said."""

from __future__ import annotations

import re

from mandarin.numerals import Numeral, NumeralKind

CLAUSE_END = re.compile(r"[，,；;。！？!?\n|]|\s{3,}")
_SUPPOSED = re.compile(
    r"(?:假设|假定|假如|例如|比如|举例|举个例子|试算|如果您?|倘若|只[要需]再?(?=[跌涨])|(?<![主重只须])要是|万一|哪怕|即使|为例|打个比方"
    r"|(?<![倘假如宛恍])若(?![干是无非]))"
)
_EXAMPLE_BEGINS = re.compile(
    "举例|举个例子|打个比方|换算成|例如|比如|示例|粗略?估?算|估算|试算|测算|算一下|算一笔|算笔账|算下来"
)
_EXAMPLE_AFTER = re.compile(r"[\u4e00-\u9fff]{0,6}(?:为例|来算|来测算|测算|计(?!提)|计算|估算|粗算)")
_CONDITION_AFTER = re.compile(r"(?:左右|以上|以下)?(?:时(?![间期点代候任])|的话|的情况下|的情形下)")
_CLIENT_SAID = re.compile(
    r"(?:您|你|客户)(?:刚才|刚刚|之前|上次|这次|今天|目前|现在)?(?:问|说|提到|提出|想|打算|计划|准备|希望|预算|手上|手里|咨询|拟|拟投|要)"
    r"|(?:您|你)[这那]|按(?:您|你)|(?:您|你)的(?:预算|资金|计划)"
)
# 买5万元要多少手续费: what is asked about a sum.
_ASKED_OF_SUM = re.compile("[^。！!\n]{0,16}(?:要|收|得|花|交|能拿|到手)(?:是|有)?多少")
_ENDS_IN_SUM = re.compile(r"\d[亿万元份]{0,2}$")  # 按250,000元试算: the premise stands before the word
_COMPUTED = re.compile("算|市值|约合|折合|合计|相当|等于|也?就是|总共|一共")
# What the writer proposes is no claim about the world: 建议您拿三万元配置, 先上一成仓位.
_PROPOSES = re.compile("建议|推荐|劝您|不妨|可以(?:先|考虑|分|建)|您(?:现在)?可以")
_PROPOSED = re.compile(
    r"(?:(?<!占)配|配置|拿出?|用|以|动用|先[上来]|上|再加|加|投|投入|(?<![波变浮异])动|把(?:其中|里面)的?|定投|买|买入|申购|认购|留出?|留足|转入?|挪|减|减掉|放)(?:个|入|上|到|约|大约|至多|最多|不超过|不高于)?\s?$"
)
# 利率上行1个百分点，价格大约跌2.8%: a rule of thumb sets out from a round move.
_STEP = re.compile(
    "(?:利率|收益率)(?:整体|每|若|再|要是)?(?:每)?(?:上行|下行|上升|下降|变动|波动|升|降|上调|下调)(?:了)?\\s?$"
)
_STEPS = (NumeralKind.PERCENT, NumeralKind.PERCENTAGE_POINTS, NumeralKind.BASIS_POINTS)
_EITHER_WAY = re.compile("(?:涨跌|每(?:上涨|下跌|[涨跌]|变动|波动))(?:了)?\\s?$")  # 个股涨跌10%，影响大约0.31%
# 拿45天约138.08元: how long something may be held; 每四块钱里有一块
_HELD_FOR = re.compile("(?:^|[^已了经您])(?:拿|放|搁)\\s?$")
_OF_EACH, _OF_WHICH = re.compile("每\\s?$"), re.compile("[\u4e00-\u9fff]{0,4}(?:里|中|当中|有)")
_THUMB = re.compile("大约|大致|粗略|理论上|估算|约")
_THUMB_REACH = 30
_HELD_REACH, _DAYS = 6, frozenset({"天", "日", "个月", "年"})
_ROUND_DIGITS = 2
_SHARE_STEP = 5  # per cent
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
        self._proposes = _PROPOSES.search(text) is not None
        self._quotes = _CLIENT_SAID.search(text) is not None or _CLIENT_BEARS.search(text) is not None

    def cover(self, numeral: Numeral, sentence: int) -> bool:
        """Whether this number is a premise: `sentence` is where its sentence begins."""
        if numeral.kind is NumeralKind.AMOUNT and _is_round(numeral) and self._sets_out(numeral):
            return True
        if _CONDITION_AFTER.match(self._text, numeral.end) or self._is_step(numeral):
            return True
        if self._is_held_for(numeral) or self._is_of_each(numeral):
            return True
        if self._proposes and self._is_proposed(numeral, sentence):
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

    def _sets_out(self, numeral: Numeral) -> bool:
        """Whether the words behind a sum compute from it or ask: 以10万元为例, 买5万元要多少手续费."""
        return any(words.match(self._text, numeral.end) for words in (_EXAMPLE_AFTER, _ASKED_OF_SUM))

    def _is_proposed(self, numeral: Numeral, sentence: int) -> bool:
        """A round sum or share that the reader is asked to put in, take out or keep."""
        share = numeral.quote.endswith("成") or (
            numeral.kind is NumeralKind.PERCENT and numeral.value % _SHARE_STEP == 0
        )
        if not _is_round(numeral) or not (share or numeral.kind is NumeralKind.AMOUNT):
            return False
        lead = self._hidden[max(sentence, numeral.start - 40) : numeral.start]
        return _PROPOSED.search(lead) is not None and _PROPOSES.search(lead) is not None

    def _is_step(self, numeral: Numeral) -> bool:
        """A round move of rates or prices from which a rule of thumb computes a loss or gain."""
        if numeral.kind not in _STEPS or not _is_round(numeral):
            return False
        lead = self._text[max(0, numeral.start - _SAID_REACH) : numeral.start]
        return (_EITHER_WAY if numeral.kind is NumeralKind.PERCENT else _STEP).search(
            lead
        ) is not None and _THUMB.search(self._text, numeral.end, numeral.end + _THUMB_REACH) is not None

    def _is_held_for(self, numeral: Numeral) -> bool:
        lead = self._text[max(0, numeral.start - _HELD_REACH) : numeral.start]
        return numeral.unit in _DAYS and _HELD_FOR.search(lead) is not None

    def _is_of_each(self, numeral: Numeral) -> bool:
        """每四块钱净资产里有近一块: of how many a share is told once more."""
        written = any(char.isdigit() for char in numeral.quote)
        if written or numeral.kind is not NumeralKind.AMOUNT:
            return False
        lead = self._text[max(0, numeral.start - _HELD_REACH) : numeral.start]
        return _OF_EACH.search(lead) is not None and _OF_WHICH.match(self._text, numeral.end) is not None

    def _is_borne(self, lead: str, clause: str, numeral: Numeral) -> bool:
        """A loss that the client can bear: 您表示账面下跌10%会睡不着觉."""
        if numeral.kind is not NumeralKind.PERCENT or _OF_A_FUND.search(clause):
            return False
        said = _CLIENT_BEARS.search(lead)
        rest = CLAUSE_END.split(self._text[numeral.end : numeral.end + 12])[0]
        return said is not None and len(lead) - said.end() <= _BEAR_REACH and bool(_BEARS.search(clause + rest))


def _begins_example(lead: str, numeral: Numeral) -> bool:
    """The first number behind 举例 or 粗算一下 is what the example sets out from; what comes of it is computed."""
    ends = [cue.end() for cue in _EXAMPLE_BEGINS.finditer(lead) if not _ENDS_IN_SUM.search(lead, 0, cue.start())]
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
